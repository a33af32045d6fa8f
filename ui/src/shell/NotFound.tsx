import { Link } from "@tanstack/react-router";
import { Empty } from "../components/Panel";
import { usePage } from "./page";

/** An address that names nothing; it stands without the frame, because nobody may have signed in. */
export const NotFound = () => {
  usePage("Not found", [{ label: "Not found" }]);
  return (
    <main id="main">
      <h1 className="unseen">Not found</h1>
      <Empty title="There is nothing at this address" actions={<Link to="/">Go to Home</Link>}>
        The address may be mistyped, or what it named was deleted.
      </Empty>
    </main>
  );
};
