/** The nonce of this page's content security policy, as the server left it for the application. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
