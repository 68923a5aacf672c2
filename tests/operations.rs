//! A batch and its links under any order of operations, from seeds: what can be done, and what must hold, stands in
//! `operating`. A fuzzer that looks for such orders by coverage is in fuzz/.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod chance;
mod operating;
mod sent;

use chance::Chance;
use operating::Operation;

#[test]
fn any_order_of_operations_from_a_seed() {
    let runs = if cfg!(target_arch = "wasm32") { 3_000 } else { 6_000 };
    for seed in 0..runs {
        let mut chance = Chance(seed);
        let operations: Vec<Operation> =
            (0..chance.below(150)).map(|_| (chance.number() as u32).to_be_bytes()).collect();
        operating::run((chance.number() as u32).to_be_bytes(), operations);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod shrinking {
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_order_of_operations(configuration: [u8; 4], operations in vec(any::<[u8; 4]>(), 0..150)) {
            super::operating::run(configuration, operations);
        }
    }
}
