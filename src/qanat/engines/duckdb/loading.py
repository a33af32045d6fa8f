"""stub"""


def parse(con, task):
    raise NotImplementedError
