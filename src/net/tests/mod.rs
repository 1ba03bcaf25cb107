//! The room on real sockets.
