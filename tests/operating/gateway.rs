//! The gateways' side: what they do with what they got, and what they say, honestly or not.

use bellpush::batch::Slot;
use bellpush::binary::LinkState;
use bellpush::outcome::Reason;

use super::{World, one_of};

impl World {
    /// The gateway processes so many frames, if they are there; it refuses the sentinel.
    pub(super) fn process(&mut self, index: usize, count: usize) {
        for _ in 0..count {
            let connection = self.connection(index);
            let Some(frame) = connection.next().cloned() else { return };
            match frame.slot {
                Some(slot) => {
                    connection.processed += 1;
                    self.slot(slot).accepted += 1;
                }
                None => self.say(index, &answer(4, frame.identifier), 0),
            }
        }
    }

    pub(super) fn refuse(&mut self, index: usize, how: u8) {
        let status = one_of(&[8, 8, 8, 1, 2, 5, 255, 0, 77, 4], how);
        if let Some(frame) = self.connection(index).next().cloned() {
            if let Some(slot) = frame.slot {
                self.slot(slot).refused.push(status);
            }
            let late = self.late_refusals(index, status);
            self.say(index, &answer(status, frame.identifier), usize::from(how % 7));
            assert_eq!(self.connection(index).link.take_late(), late, "told of what was presumed wrongly");
        }
    }

    /// It names the last that it has accepted, and goes.
    pub(super) fn shut_down(&mut self, index: usize, cut: usize) {
        let connection = self.connection(index);
        let last = connection.processed.checked_sub(1).and_then(|last| connection.frames.get(last));
        if let Some(last) = last.filter(|_| !connection.over).map(|(frame, _)| frame.identifier) {
            let late = self.late_refusals(index, 10);
            self.say(index, &answer(10, last), cut);
            assert_eq!(self.connection(index).link.take_late(), late, "told of what was presumed wrongly");
        }
    }

    /// What the link took for accepted, for silence, and the gateway is about to refuse or to discard.
    fn late_refusals(&mut self, index: usize, status: u8) -> Vec<(Slot, Reason)> {
        let connection = self.connections.get(index).expect("it is there");
        if connection.link.state() == LinkState::Done {
            return Vec::new();
        }
        let names_accepted = status == 10;
        let mut late = Vec::new();
        for (position, (frame, _)) in connection.frames.iter().enumerate().skip(connection.processed) {
            let Some(number) = frame.slot else { continue };
            let presumed = self.slots.get(number as usize).and_then(|slot| slot.settled).is_some();
            let named = position == connection.processed && !names_accepted;
            // Nobody knows what "no error" says about the one it names.
            if presumed && !(named && status == 0) {
                late.push((number, if named { Reason(u16::from(status)) } else { Reason::DISCARDED }));
            }
        }
        late
    }

    /// Something that fits nothing it got.
    pub(super) fn say_strange(&mut self, index: usize, how: u8, cut: usize) {
        let strange = [b"?".to_vec(), answer(8, 0), answer(2, 0), answer(10, u32::MAX), answer(77, 1 << 31)];
        let strange = strange.get(usize::from(how) % strange.len()).expect("one of them");
        if !self.connection(index).over {
            self.say(index, strange, cut);
            assert_eq!(self.connection(index).link.take_late(), [], "it names nothing that was presumed");
        }
    }

    /// The gateway says something about a notification or the sentinel that is not so.
    pub(super) fn lie(&mut self, index: usize, how: u8, much: u8) {
        let connection = self.connections.get_mut(index).expect("it is there");
        if connection.over {
            return;
        }
        for (frame, _) in &connection.frames {
            if let Some(slot) = frame.slot.and_then(|slot| self.slots.get_mut(slot as usize)) {
                slot.lied_about = true;
            }
        }
        let identifier = u32::from(much) % (connection.frames.len() as u32 + 2);
        let status = one_of(&[8, 10, 0, 1, 4, 7, 255, 3, 128], how);
        self.say(index, &answer(status, identifier), usize::from(how % 7));
    }

    /// The gateway's last words, in two pieces, the first perhaps of no bytes.
    fn say(&mut self, index: usize, words: &[u8], cut: usize) {
        let unsent = self.told_unsent(index);
        let connection = self.connections.get_mut(index).expect("it is there");
        connection.over = true;
        let (left, right) = words.split_at(cut.min(words.len()));
        connection.link.read(&mut self.batch, left, unsent, self.now);
        connection.link.read(&mut self.batch, right, unsent, self.now);
    }
}

fn answer(status: u8, identifier: u32) -> Vec<u8> {
    let mut bytes = vec![8, status];
    bytes.extend(identifier.to_be_bytes());
    bytes
}
