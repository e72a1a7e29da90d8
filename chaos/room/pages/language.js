// The language of the page.
export const language = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");
export function setLanguage(name) {
  document.documentElement.lang = name === "zh" ? "zh-CN" : "en";
}
