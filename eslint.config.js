/**
 * The linter's rules: mistakes first, then the few of the "standard" style that this project is written in.
 * ESLint 10 still has the latter itself; from 11 on they come from @stylistic/eslint-plugin.
 */
import js from '@eslint/js'
import globals from 'globals'

export default [
  // Made by tools, or not ours.
  { ignores: ['pkg/', 'types/', 'target/', 'node_modules/', '**/vendor/'] },

  js.configs.recommended,

  {
    languageOptions: { ecmaVersion: 2024, sourceType: 'module', globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'array-callback-return': 'error',
      curly: ['error', 'multi-line'],
      'dot-notation': 'error',
      eqeqeq: ['error', 'always'],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-lone-blocks': 'error',
      'no-new-wrappers': 'error',
      'no-return-assign': 'error',
      'no-self-compare': 'error',
      'no-sequences': 'error',
      'no-template-curly-in-string': 'error',
      'no-throw-literal': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-unneeded-ternary': 'error',
      'no-unreachable-loop': 'error',
      'no-unused-vars': ['error', { args: 'after-used', caughtErrors: 'all' }],
      'no-use-before-define': ['error', { functions: false, classes: false, variables: false }],
      'no-var': 'error',
      'object-shorthand': ['error', 'properties'],
      'prefer-const': 'error',
      'prefer-promise-reject-errors': 'error',

      'comma-dangle': ['error', 'never'],
      'comma-spacing': 'error',
      'eol-last': 'error',
      indent: ['error', 2, { SwitchCase: 1, ignoredNodes: ['TemplateLiteral *', 'ConditionalExpression'] }],
      'key-spacing': 'error',
      'keyword-spacing': 'error',
      'max-len': ['error', { code: 120, ignoreUrls: true }],
      'no-multiple-empty-lines': ['error', { max: 1, maxBOF: 0, maxEOF: 0 }],
      'no-tabs': 'error',
      'no-trailing-spaces': 'error',
      'object-curly-spacing': ['error', 'always'],
      quotes: ['error', 'single', { avoidEscape: true, allowTemplateLiterals: true }],
      semi: ['error', 'never'],
      'no-unexpected-multiline': 'error',
      'space-before-blocks': 'error',
      'space-before-function-paren': ['error', 'always'],
      'space-infix-ops': 'error'
    }
  },

  {
    files: [
      'js/decode.js', 'js/serve/page/**/*.js', 'demo/**/*.js', 'tests/browser/*.js', 'benches/decoder.js'
    ],
    languageOptions: { globals: { ...globals.browser } }
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } }
]
