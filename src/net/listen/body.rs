//! The body of a reply: whole, or in parts that the owner sends as they come.
//!
//! Must hold: a whole body tells its length, so the connection can carry another request after it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use crate::net::Bytes;

/// What is left to write.
#[derive(Debug, Default)]
pub(super) struct ReplyBody {
    begin: Bytes,
    rest: Option<mpsc::Receiver<Bytes>>,
}

impl ReplyBody {
    pub(super) fn new(begin: Bytes, rest: Option<mpsc::Receiver<Bytes>>) -> Self {
        Self { begin, rest }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.begin.is_empty() {
            let begin = std::mem::take(&mut self.begin);
            return Poll::Ready(Some(Ok(Frame::data(begin))));
        }
        match &mut self.rest {
            None => Poll::Ready(None),
            Some(rest) => {
                rest.poll_recv(context).map(|part| part.map(|part| Ok(Frame::data(part))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.begin.is_empty() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.rest {
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(u64::try_from(self.begin.len()).unwrap_or(u64::MAX)),
        }
    }
}
