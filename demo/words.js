/**
 * The language of the page: the one that was chosen, or else the browser's.
 */
import en from './words/en.js'
import zh from './words/zh.js'

const languages = { en, zh }

/** Where the choice is kept; a browser that keeps nothing starts with its own language again. */
const KEY = 'bellpush-language'

/** What the page says in English, as it stands in the page itself. @type {Map<Element, string>} */
const english = new Map()

/** What the page says. */
export let words = languages[chosen()]

/** @returns {keyof typeof languages} */
function chosen () {
  const kept = attempted(() => localStorage.getItem(KEY))
  if (kept === 'en' || kept === 'zh') return kept
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

/** @param {string} language */
export function chooseLanguage (language) {
  words = languages[language === 'zh' ? 'zh' : 'en']
  attempted(() => localStorage.setItem(KEY, language))
  translatePage()
}

/** Puts what stands in the page itself into the language. */
export function translatePage () {
  document.documentElement.lang = words.locale
  for (const node of document.querySelectorAll('[data-t]')) {
    if (!english.has(node)) english.set(node, node.textContent ?? '')
    node.textContent = words.page[node.getAttribute('data-t') ?? ''] ?? english.get(node) ?? ''
  }
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.getAttribute('lang') === words.locale))
  }
  document.title = words.page.title ?? 'Bellpush decoder'
}

/** @template T @param {() => T} run storage may be forbidden */
function attempted (run) {
  try {
    return run()
  } catch {
    return undefined
  }
}
