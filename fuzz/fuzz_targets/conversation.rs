#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bellpush_fuzz::conversation(data));
