import { Fragment, type ReactNode, useMemo } from "react";
import style from "./Dashboard.module.css";
import { type Block, blocksOf, type Inline } from "./markdown";

/** Elements in the order of a text that is drawn anew as a whole: their places are their keys. */
const each = <T,>(all: readonly T[], draw: (one: T, index: number) => ReactNode): ReactNode =>
  // biome-ignore lint/suspicious/noArrayIndexKey: see above
  all.map((one, index) => <Fragment key={index}>{draw(one, index)}</Fragment>);

const Words = ({ parts }: { parts: readonly Inline[] }) =>
  each(parts, (one) => {
    switch (one.kind) {
      case "text":
        return one.text;
      case "code":
        return <code>{one.text}</code>;
      case "bold":
        return (
          <strong>
            <Words parts={one.parts} />
          </strong>
        );
      case "italic":
        return (
          <em>
            <Words parts={one.parts} />
          </em>
        );
      case "link":
        return (
          <a href={one.to} {...(one.to.startsWith("/") ? {} : { target: "_blank", rel: "noreferrer" })}>
            <Words parts={one.parts} />
          </a>
        );
    }
  });

const Lines = ({ lines }: { lines: readonly Inline[][] }) =>
  each(lines, (line, index) => (
    <>
      {index > 0 && <br />}
      <Words parts={line} />
    </>
  ));

const TITLES = { 1: "h2", 2: "h3", 3: "h4" } as const;

const Part = ({ block }: { block: Block }) => {
  switch (block.kind) {
    case "title": {
      const Title = TITLES[block.level];
      return (
        <Title>
          <Words parts={block.line} />
        </Title>
      );
    }
    case "paragraph":
      return (
        <p>
          <Lines lines={block.lines} />
        </p>
      );
    case "list": {
      const items = each(block.items, (item) => (
        <li>
          <Lines lines={item} />
        </li>
      ));
      return block.isNumbered ? <ol start={block.first}>{items}</ol> : <ul>{items}</ul>;
    }
    case "code":
      return <pre>{block.text}</pre>;
  }
};

/** A text widget as it is read; never HTML. */
export const Text = ({ text }: { text: string }) => {
  const blocks = useMemo(() => blocksOf(text), [text]);
  return (
    <div className={style.words}>
      {each(blocks, (block) => (
        <Part block={block} />
      ))}
    </div>
  );
};
