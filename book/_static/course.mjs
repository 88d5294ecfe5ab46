// What prints, and where a link of feedback arrives.
const root = document.documentElement;
const folded = 'details.mistake, .quiz details, details.elsewhere';
let theme, closed = [];

// A dark page prints on white, with its figures, and with its boxes open.
addEventListener('beforeprint', () => {
  theme = root.dataset.theme;
  root.dataset.theme = 'light';
  closed = [...document.querySelectorAll(folded)].filter((box) => !box.open);
  for (const box of closed) box.open = true;
});
addEventListener('afterprint', () => {
  root.dataset.theme = theme;
  for (const box of closed) box.open = false;
});

// Feedback links to a mistake on the chapter's first page. Its box may stand on another page of the chapter.
function arrive() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  const entry = target.closest('details.elsewhere li');
  if (entry) return location.replace(entry.querySelector('a').href.replace(/#.*/, location.hash));
  const box = target.closest('details');
  if (!box) return;
  box.open = true;
  // Formulas above the box change its place when they are typeset.
  Promise.resolve(window.MathJax?.startup?.promise).then(() => box.scrollIntoView());
}
addEventListener('hashchange', arrive);
if (document.readyState === 'complete') arrive(); else addEventListener('load', arrive);
