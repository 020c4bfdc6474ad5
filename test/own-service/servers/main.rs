// The single-threaded web server of the Rust book, which closes each connection after its response.
use std::io::{prelude::*, BufReader};
use std::net::{TcpListener, TcpStream};

fn main() {
    let listener = TcpListener::bind("0.0.0.0:7878").unwrap();
    for stream in listener.incoming() {
        if let Ok(stream) = stream {
            handle(stream);
        }
    }
}

fn handle(mut stream: TcpStream) {
    let heads = BufReader::new(&stream).lines().take_while(|line| line.as_ref().is_ok_and(|text| !text.is_empty()));
    heads.for_each(drop);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nHello\n");
}
