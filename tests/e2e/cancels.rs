//! Cancels while the connection of orders is gone.

use crate::spot_engine::{deployment, exchange, until_nothing_stands};
use crate::support::number;
use parking_lot::Mutex;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use tradekeel::runtime::threads::spawn;

/// A way to the exchange that can be cut for good.
struct Relay {
    port: u16,
    /// `None` once it is cut.
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Relay {
    fn before(exchange: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let shared = Arc::clone(&open);
        let body = move || {
            for client in listener.incoming().map_while(Result::ok) {
                if let Some(open) = &mut *shared.lock() {
                    let venue = TcpStream::connect(("127.0.0.1", exchange)).unwrap();
                    open.extend([client.try_clone().unwrap(), venue.try_clone().unwrap()]);
                    pass(client.try_clone().unwrap(), venue.try_clone().unwrap());
                    pass(venue, client);
                }
            }
        };
        drop(spawn("relay", None, body).unwrap());
        Self { port, open }
    }

    fn cut(&self) {
        for stream in self.open.lock().take().into_iter().flatten() {
            // One that has ended by itself is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    // Ends when either side does.
    drop(spawn("relay", None, move || drop(io::copy(&mut from, &mut to))).unwrap());
}

/// The account is shared, so that nothing is taken back symbol by symbol, and Spot has no switch
/// that would do it: only cancels of single orders are left.
#[test]
fn what_rests_is_taken_back_over_http_and_nothing_is_sent_that_way() {
    let exchange = exchange();
    let relay = Relay::before(exchange.port);
    let direct = format!("order_entry_url: ws://127.0.0.1:{}", exchange.port);
    let cuttable = format!("order_entry_url: ws://127.0.0.1:{}", relay.port);
    let deployment = deployment()
        .remote(exchange.port)
        .with("exclusive: true", "exclusive: false")
        .with(&direct, &cuttable);
    let engine = deployment.trading();
    deployment.until("something rests", |status| 0 < number(&status["orders"]["open"]));
    relay.cut();
    deployment.until("the link is down", |status| status["link"]["orders"] == false);
    let sent = number(&deployment.status()["orders"]["sent"]);
    until_nothing_stands(&exchange);
    let status = deployment.until("it knows", |status| {
        number(&status["orders"]["open"]) == 0 && number(&status["orders"]["unknown"]) == 0
    });
    assert_eq!(status["link"]["orders"], false);
    assert_eq!(number(&status["orders"]["sent"]), sent, "an order waits for no other way");
    engine.stop();
}
