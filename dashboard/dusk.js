// When the reader's system turns dark or light, Streamlit follows at once but draws nothing anew, so that charts and our
// own inks would stay as they were. Its key for a new run asks for one, once it has followed.

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  const rerun = new KeyboardEvent("keydown", { key: "r", code: "KeyR", bubbles: true });
  setTimeout(() => document.dispatchEvent(rerun), 100);
});
