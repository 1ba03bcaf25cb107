//! Ends the process with the first failure: that some test noticed a change is all that is asked.

/// Before `main`, for the harness puts its own hook around the one that it finds.
#[used]
#[allow(unsafe_code)]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = end_with_the_first;

extern "C" fn end_with_the_first() {
    std::panic::set_hook(Box::new(|failure| {
        eprintln!("{failure}");
        std::process::exit(101);
    }));
}
