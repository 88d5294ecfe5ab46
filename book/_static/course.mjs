// A dark page prints on white, with its figures.
const root = document.documentElement;
let theme;
addEventListener('beforeprint', () => { theme = root.dataset.theme; root.dataset.theme = 'light'; });
addEventListener('afterprint', () => { root.dataset.theme = theme; });
