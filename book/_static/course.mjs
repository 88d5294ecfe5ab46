// What prints, where a link of feedback arrives, and how wide formulas scroll.
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
  Promise.resolve(window.MathJax?.startup?.promise).then(() => keepInView(box));
}
/** Scrolls to the box, and again whenever figures above it grow, until the reader does something. */
function keepInView(box) {
  const observer = new ResizeObserver(() => box.scrollIntoView());
  observer.observe(document.body);
  for (const kind of ['wheel', 'touchstart', 'pointerdown', 'keydown']) {
    addEventListener(kind, () => observer.disconnect(), {once: true, passive: true});
  }
}

addEventListener('hashchange', arrive);
if (document.readyState === 'complete') arrive(); else addEventListener('load', arrive);

// A formula that is wider than its column scrolls, with the keyboard too.
function reachWideFormulas() {
  for (const formula of document.querySelectorAll('mjx-container[display="true"]')) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute('tabindex');
  }
}
addEventListener('load', () => Promise.resolve(window.MathJax?.startup?.promise).then(reachWideFormulas));
addEventListener('resize', reachWideFormulas);
