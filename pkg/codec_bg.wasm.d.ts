/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const __wbg_feedbackdecoder_free: (a: number, b: number) => void;
export const __wbg_framedecoder_free: (a: number, b: number) => void;
export const checkPayload: (a: number, b: number, c: number) => [number, number];
export const encodeErrorResponse: (a: number, b: number) => [number, number];
export const encodeFeedbackTuple: (a: number, b: number, c: number) => [number, number, number, number];
export const encodeFrame: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => [number, number, number, number];
export const explain: (a: number, b: number, c: number, d: number) => [number, number, number];
export const feedbackdecoder_finish: (a: number) => [number, number];
export const feedbackdecoder_new: () => number;
export const feedbackdecoder_push: (a: number, b: number, c: number, d: any) => [number, number];
export const framedecoder_data: (a: number) => [number, number];
export const framedecoder_fault: (a: number) => any;
export const framedecoder_new: (a: number, b: number) => number;
export const framedecoder_pending: (a: number) => number;
export const framedecoder_push: (a: number, b: number, c: number) => [number, number];
export const normalizeToken: (a: number, b: number) => [number, number, number, number];
export const reasonNames: () => [number, number, number];
export const __wbindgen_malloc: (a: number, b: number) => number;
export const __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
export const __wbindgen_free: (a: number, b: number, c: number) => void;
export const __wbindgen_exn_store: (a: number) => void;
export const __externref_table_alloc: () => number;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __externref_table_dealloc: (a: number) => void;
export const __wbindgen_start: () => void;
