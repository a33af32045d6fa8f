import { Link } from "@tanstack/react-router";
import { Empty } from "../components/Panel";
import { usePage } from "./page";

export const NotFound = () => {
  usePage("Not found", [{ label: "Not found" }]);
  return (
    <Empty title="There is nothing at this address" actions={<Link to="/">Go to Home</Link>}>
      The address may be mistyped, or what it named was deleted.
    </Empty>
  );
};
