/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const __wbg_conversation_free: (a: number, b: number) => void;
export const __wbg_memory_free: (a: number, b: number) => void;
export const conversation_acceptBelow: (a: number, b: number, c: number) => void;
export const conversation_endInput: (a: number) => void;
export const conversation_endRun: (a: number) => void;
export const conversation_farewell: (a: number) => [number, number];
export const conversation_fault: (a: number) => [number, number];
export const conversation_leave: (a: number, b: number, c: number) => number;
export const conversation_new: (a: number, b: number, c: number) => number;
export const conversation_payload: (a: number, b: number) => [number, number];
export const conversation_read: (a: number, b: number, c: number, d: number, e: number) => [number, number];
export const conversation_refuseSlots: (a: number, b: number, c: number, d: number, e: number) => void;
export const conversation_settle: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
export const conversation_standing: (a: number) => [number, number];
export const conversation_text: (a: number) => number;
export const encodeErrorResponse: (a: number, b: number) => [number, number];
export const memory_expire: (a: number, b: number) => void;
export const memory_length: (a: number) => number;
export const memory_new: (a: number) => number;
export const memory_overrun: (a: number) => number;
export const memory_withdraw: (a: number, b: number) => void;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_free: (a: number, b: number, c: number) => void;
export const __wbindgen_malloc: (a: number, b: number) => number;
export const __wbindgen_start: () => void;
