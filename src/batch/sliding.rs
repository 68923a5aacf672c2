//! A window over a sequence without end: items come in at its end and are let go of at its beginning.

/// What lives is in one piece, so that a pass over a thousand items is a pass over a thousand neighbours.
#[derive(Debug)]
pub(super) struct Sliding<T> {
    items: Vec<T>,
    /// So many at the beginning of `items` are let go of, until they are worth moving the others for.
    gone: usize,
}

impl<T> Default for Sliding<T> {
    fn default() -> Self {
        Self { items: Vec::new(), gone: 0 }
    }
}

impl<T> Sliding<T> {
    pub(super) fn len(&self) -> usize {
        self.items.len() - self.gone
    }

    pub(super) fn live(&self) -> &[T] {
        self.items.get(self.gone..).unwrap_or_default()
    }

    pub(super) fn live_mut(&mut self) -> &mut [T] {
        self.items.get_mut(self.gone..).unwrap_or_default()
    }

    /// What lives, and some that does not before it: for appending at its end only.
    pub(super) fn end(&mut self) -> &mut Vec<T> {
        &mut self.items
    }

    /// Makes it `len` long, with copies of `value` where something is missing.
    pub(super) fn grow(&mut self, len: usize, value: T)
    where
        T: Clone,
    {
        self.items.resize(self.items.len().max(self.gone + len), value);
    }

    /// Lets go of the first `count`, or of all where there are fewer.
    pub(super) fn let_go(&mut self, count: usize) {
        self.gone += count.min(self.len());
        // Moving what lives costs no more than what was let go of had cost: amortised, nothing an item.
        if self.gone * 2 >= self.items.len() {
            self.items.drain(..self.gone);
            self.gone = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn it_holds_what_was_not_let_go_of_and_little_more() {
        let mut sliding = Sliding::default();
        for item in 0..1_000 {
            sliding.end().push(item);
            sliding.let_go(sliding.len().saturating_sub(3));
            assert_eq!(sliding.live(), (item.max(2) - 2..=item).collect::<Vec<_>>());
            assert!(sliding.items.len() <= 6, "{} are kept", sliding.items.len());
        }
        sliding.grow(2, 7);
        assert_eq!(sliding.live(), [997, 998, 999], "it does not shrink");
        sliding.grow(4, 7);
        assert_eq!(sliding.live(), [997, 998, 999, 7]);
        sliding.let_go(9);
        assert_eq!((sliding.len(), sliding.live_mut()), (0, &mut [][..]));
    }
}
