//! The batches that a connection serves: what their requests look like.

use super::super::request::Template;
use super::{Connection, Key, Request, RequestError};

#[derive(Debug)]
pub(super) struct Serving {
    pub(super) request: Request,
    pub(super) template: Template,
    /// Streams that are open for it: as long as there are any, its key is not given to another.
    pub(super) streams: usize,
    /// Nothing more is claimed of it.
    pub(super) forgotten: bool,
}

impl Connection {
    /// From now on it carries this batch, too. The key is what [`super::super::Batches`] has to know it by.
    ///
    /// # Errors
    /// [`RequestError`], where something can be no header field.
    #[cold]
    pub fn serve(&mut self, request: Request) -> Result<Key, RequestError> {
        request.check()?;
        let serving = Serving { request, template: Template::default(), streams: 0, forgotten: false };
        let free = self.serving.iter().position(Option::is_none);
        let key = free.unwrap_or(self.serving.len());
        match self.serving.get_mut(key) {
            Some(place) => *place = Some(serving),
            None => self.serving.push(Some(serving)),
        }
        Ok(key as Key)
    }

    /// Claims nothing more of this batch. What is on its way still gets its verdict; the key is free when all of it has.
    #[cold]
    pub fn forget(&mut self, key: Key) {
        if let Some(place) = self.serving.get_mut(key as usize) {
            if let Some(serving) = place {
                serving.forgotten = true;
            }
            place.take_if(|serving| serving.streams == 0);
        }
    }

    pub(super) fn request(&self, key: Key) -> Option<&Request> {
        self.serving.get(key as usize)?.as_ref().map(|serving| &serving.request)
    }

    /// A stream of this batch has ended.
    pub(super) fn release(&mut self, key: Key) {
        if let Some(place) = self.serving.get_mut(key as usize) {
            if let Some(serving) = place {
                serving.streams -= 1;
            }
            place.take_if(|serving| serving.forgotten && serving.streams == 0);
        }
    }
}
