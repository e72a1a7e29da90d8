// Opens the page that the address names: desk.html is desk.js, and so is the style for it.
const [, name] = location.pathname.match(/([a-z]+)\.html$/);
document.body.dataset.page = name;
await import(`./${name}.js`);
