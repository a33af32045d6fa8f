import { Component, type ReactNode } from "react";
import { Problem } from "./Problem";

/** Keeps a crash to its region: a broken chart does not take the page. */
export class CrashBoundary extends Component<
  { region: string; children: ReactNode; resetKey?: string },
  { error?: unknown; key: string | undefined }
> {
  override state: { error?: unknown; key: string | undefined } = { key: this.props.resetKey };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  static getDerivedStateFromProps(
    props: { resetKey?: string },
    state: { error?: unknown; key: string | undefined },
  ): { error?: unknown; key: string | undefined } | null {
    return props.resetKey === state.key ? null : { error: undefined, key: props.resetKey };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return (
      <Problem
        error={this.state.error}
        title={`${this.props.region} could not be drawn`}
        onRetry={() => this.setState({ error: undefined })}
      />
    );
  }
}
