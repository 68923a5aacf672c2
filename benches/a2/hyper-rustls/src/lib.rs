//! What a2 uses of hyper-rustls, whose connector does the work: it connects to the address in `GATEWAY` instead of
//! Apple's, and trusts the authority in the file `GATEWAY_CA`.

use std::env::var;
use std::fs;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use original::MaybeHttpsStream;
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use tokio::net::TcpStream;
use tower_service::Service;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Soon<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

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
pub struct HttpsConnector<T>(original::HttpsConnector<ToGateway>, PhantomData<fn() -> T>);

impl<T> Clone for HttpsConnector<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<T> Service<Uri> for HttpsConnector<T> {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Failure;
    type Future = Soon<Self::Response, Failure>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.0.call(uri))
    }
}

#[derive(Debug, Clone)]
struct ToGateway;

impl Service<Uri> for ToGateway {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Soon<Self::Response, io::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(async {
            let socket = TcpStream::connect(var("GATEWAY").map_err(io::Error::other)?).await?;
            socket.set_nodelay(true)?;
            Ok(TokioIo::new(socket))
        })
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
        let connector = original::HttpsConnectorBuilder::new()
            .with_tls_config(self.0.expect("a configuration of TLS"))
            .https_only()
            .with_server_name(NAME.into())
            .enable_http2()
            .wrap_connector(ToGateway);
        HttpsConnector(connector, PhantomData)
    }
}
