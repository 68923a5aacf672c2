//! What a2 uses of hyper-rustls, for the benchmarks: it connects to the address in `GATEWAY` instead of Apple's, and trusts
//! the authority in the file `GATEWAY_CA`. TLS is rustls, of the same version.

use std::env::var;
use std::fs;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

/// The name in the gateway's certificate.
const NAME: &str = "localhost";

pub trait ConfigBuilderExt {
    fn with_webpki_roots(self) -> ConfigBuilder<ClientConfig, WantsClientCert>;
}

impl ConfigBuilderExt for ConfigBuilder<ClientConfig, WantsVerifier> {
    fn with_webpki_roots(self) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        let mut roots = RootCertStore::empty();
        let file = var("GATEWAY_CA").expect("GATEWAY_CA names a file");
        let text = fs::read(file).expect("the authority's file can be read");
        for certificate in rustls_pemfile::certs(&mut text.as_slice()) {
            roots.add(certificate.expect("PEM")).expect("a certificate");
        }
        self.with_root_certificates(roots)
    }
}

/// `T` is the connector that a2 believes to be inside.
#[derive(Debug)]
pub struct HttpsConnector<T>(Arc<ClientConfig>, PhantomData<fn() -> T>);

impl<T> Clone for HttpsConnector<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<T> Service<Uri> for HttpsConnector<T> {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = TlsConnector::from(Arc::clone(&self.0));
        Box::pin(async move {
            let socket = TcpStream::connect(var("GATEWAY").map_err(io::Error::other)?).await?;
            socket.set_nodelay(true)?;
            let name = NAME.try_into().map_err(io::Error::other)?;
            Ok(Stream(TokioIo::new(connector.connect(name, socket).await?)))
        })
    }
}

pub struct Stream(TokioIo<TlsStream<TcpStream>>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().negotiated_h2()
    }
}

impl Read for Stream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, to)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, parts)
    }
}

/// The steps of the original that a2 takes.
#[derive(Default)]
pub struct HttpsConnectorBuilder(Option<ClientConfig>);

impl HttpsConnectorBuilder {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn with_webpki_roots(self) -> Self {
        self.with_tls_config(ClientConfig::builder().with_webpki_roots().with_no_client_auth())
    }

    #[must_use]
    pub fn with_tls_config(self, config: ClientConfig) -> Self {
        Self(Some(config))
    }

    #[must_use]
    pub fn https_only(self) -> Self {
        self
    }

    #[must_use]
    pub fn enable_http2(self) -> Self {
        self
    }

    #[must_use]
    pub fn build<T>(self) -> HttpsConnector<T> {
        let mut config = self.0.expect("a configuration of TLS");
        config.alpn_protocols = vec![b"h2".to_vec()];
        HttpsConnector(Arc::new(config), PhantomData)
    }
}
