// What scrolls sideways can be reached by keyboard, what does not is no stop on the way.
export function reachSideways() {
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
