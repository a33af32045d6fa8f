"""One safe SELECT as a tree, or a refusal that names the place.

The rule: a statement is exactly one query (SELECT, WITH, VALUES, their combinations). What the
parser library reads as anything else, in any dialect it knows, is refused by its name.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError
from sqlglot.tokenizer_core import Token, TokenType

from qanat.errors import SqlRejectedError
from qanat.sql.source import Source
from qanat.sql.tokens import DIALECT, MARK, tokenize

_STARTS: Final = frozenset({TokenType.SELECT, TokenType.WITH, TokenType.VALUES, TokenType.L_PAREN})
# First words of statements that SQL has and this server does not run.
_STATEMENTS: Final = frozenset(
    [
        "alter",
        "analyze",
        "attach",
        "begin",
        "call",
        "checkpoint",
        "comment",
        "commit",
        "copy",
        "create",
        "deallocate",
        "declare",
        "delete",
        "deny",
        "describe",
        "desc",
        "detach",
        "drop",
        "execute",
        "explain",
        "export",
        "force",
        "from",
        "get",
        "grant",
        "import",
        "insert",
        "install",
        "kill",
        "list",
        "load",
        "lock",
        "merge",
        "optimize",
        "pivot",
        "pragma",
        "prepare",
        "put",
        "refresh",
        "rename",
        "replace",
        "reset",
        "revoke",
        "rollback",
        "savepoint",
        "set",
        "show",
        "start",
        "summarize",
        "table",
        "truncate",
        "unload",
        "unpivot",
        "update",
        "use",
        "vacuum",
    ]
)


# Words and signs that something has to follow.
_UNFINISHED: Final = frozenset(
    TokenType[name]
    for name in (
        "ALIAS", "AND", "BETWEEN", "CASE", "COMMA", "DASH", "DISTINCT", "ELSE", "EQ", "EXCEPT",
        "FROM", "GROUP_BY", "GT", "GTE", "HAVING", "IN", "INTERSECT", "IS", "JOIN", "LIKE", "LIMIT",
        "LT", "LTE", "NEQ", "NOT", "ON", "OR", "ORDER_BY", "OVER", "PLUS", "SELECT", "SLASH",
        "THEN", "UNION", "USING", "WHEN", "WHERE", "WITH",
    )
)  # fmt: skip
_MAY_BE_NAMES: Final = frozenset({TokenType.LIMIT, TokenType.OVER})


def parse(source: Source) -> exp.Query | exp.Values:
    """Return the tree of a statement.

    Raises:
        SqlRejectedError: It is not one query, or not SQL.
    """
    tokens = _one_statement(source, tokenize(source))
    try:
        parser = DIALECT.parser(error_level=ErrorLevel.IMMEDIATE)
        trees = parser.parse(tokens, source.text)
    except ParseError as error:
        raise _syntax_error(source, tokens, error) from error
    except RecursionError as error:
        raise source.error("the statement is nested too deeply", None) from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # The library meets words where it never expects them, and stumbles.
        raise source.error("syntax error: the statement cannot be read", None) from error
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Query | exp.Values):
        raise source.error("a statement must be one query", tokens[0].start, _length(tokens[0]))
    _refuse_empty_selects(source, tokens)
    last = tokens[-1]
    if last.token_type in _UNFINISHED - _MAY_BE_NAMES:  # the library takes nothing for enough
        raise source.error("mismatched input '<EOF>'", last.end + 1)
    if any(token.token_type == TokenType.TABLE for token in tokens):
        _count_selects(source, tokens, tree)
    return tree


def _one_statement(source: Source, tokens: list[Token]) -> list[Token]:
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    if not tokens:
        raise source.error("syntax error: the statement is empty", 0)
    first = tokens[0]
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            raise source.error("only one statement is allowed", token.start)
    if first.token_type not in _STARTS:
        word = first.text.removeprefix(MARK)
        if word.lower().split(" ")[0] in _STATEMENTS:
            message = f"{word[:40].upper()} is not allowed: a statement must be one SELECT"
        else:
            message = f"mismatched input '{word[:60]}'. Expecting: 'SELECT', 'WITH', 'VALUES'"
        raise source.error(message, first.start, _length(first))
    return tokens


def _refuse_empty_selects(source: Source, tokens: list[Token]) -> None:
    """Refuse a SELECT that selects nothing, at the place where an expression is missing."""
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.token_type == TokenType.SELECT and (
            following is None or following.token_type in {TokenType.FROM, TokenType.R_PAREN}
        ):
            place = token.end + 1 if following is None else following.start
            word = "<EOF>" if following is None else following.text
            raise source.error(f"mismatched input '{word}'. Expecting: an expression", place)


def _count_selects(source: Source, tokens: list[Token], tree: exp.Expr) -> None:
    """Refuse queries that the library invented, such as that of `TABLE t`."""
    written = sum(token.token_type == TokenType.SELECT for token in tokens)
    made = list(tree.find_all(exp.Select))
    # The library writes `VALUES …` inside a combination as `SELECT * FROM (VALUES …)`.
    values = sum(_is_values(select) for select in made)
    if len(made) - values <= written <= len(made):
        return
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.token_type in {TokenType.L_PAREN, TokenType.R_PAREN, TokenType.ALIAS} and (
            following is not None and following.token_type in {TokenType.FROM, TokenType.TABLE}
        ):
            raise source.error(
                f"mismatched input '{following.text}'. Expecting: 'SELECT'",
                following.start,
                _length(following),
            )
    raise source.error("syntax error: a query must begin with SELECT", None)


def _is_values(select: exp.Select) -> bool:
    source = select.args.get("from_")
    return source is not None and isinstance(source.this, exp.Values)


def _syntax_error(source: Source, tokens: list[Token], error: ParseError) -> SqlRejectedError:
    facts = error.errors[0] if error.errors else {}
    place = (facts.get("line"), facts.get("col"))
    token = next((t for t in tokens if (t.line, t.col) == place), None)
    if token is None:
        return source.error("mismatched input '<EOF>'", len(source.text))
    is_unfinished = token.token_type in _UNFINISHED or str(facts.get("description", "")).startswith(
        "Expected"
    )
    if token is tokens[-1] and is_unfinished:
        return source.error("mismatched input '<EOF>'", token.end + 1)
    word = source.text[token.start : token.end + 1][:60]
    return source.error(f"mismatched input '{word}'", token.start, _length(token))


def _length(token: Token) -> int:
    return token.end - token.start + 1
