// The dialog that asks for a token.

const dialog = document.getElementById("token");
const text = document.getElementById("token-text");
const heading = document.getElementById("token-heading");

/**
 * Ask the reader for a token.
 *
 * @param {boolean} refused whether the last one was not accepted.
 * @returns {Promise<string|null>} null if the reader has none.
 */
export function askForToken(refused) {
  if (refused) heading.textContent = "The service did not accept this token";
  text.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const close = () => resolve(dialog.returnValue === "use" ? text.value.trim() || null : null);
    dialog.addEventListener("close", close, { once: true });
  });
}
