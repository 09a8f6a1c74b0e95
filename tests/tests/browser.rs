//! The harness against a page of its own: it must find what is right and what is wrong.

use anyhow::{Context, Result};
use branchmesh_tests::browser::Browser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PAGE: &str = r#"<!doctype html><html lang="en"><title>t</title><link rel="icon" href="data:,">
<input id="name"><button id="greet">Greet</button><p id="out"></p>
<p id="tight" style="width: 20px; white-space: nowrap">much too long for its box</p>
<script>
  document.querySelector('#greet').onclick = () => (document.querySelector('#out').textContent = 'Hello ' + document.querySelector('#name').value);
  addEventListener('keydown', (e) => e.key === 'F2' && (document.title = 'called'));
</script>"#;

/// Serves [`PAGE`] on loopback for as long as the test's runtime lives; returns its origin.
async fn serve_page() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                PAGE.len()
            );
            let _ = stream.write_all(format!("{head}{PAGE}").as_bytes()).await;
        }
    });
    Ok(origin)
}

#[tokio::test]
async fn a_page_is_used_like_a_person_does() -> Result<()> {
    let origin = serve_page().await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&origin).await?;

    page.type_into("#name", "何映秋").await?;
    page.click("#greet").await?;
    page.wait_for("document.querySelector('#out').textContent === 'Hello 何映秋'").await?;
    page.press("F2").await?;
    page.wait_for("document.title === 'called'").await?;

    let over = page.overflowing().await?;
    assert_eq!(over.len(), 1, "{over:?}");
    assert!(over[0].contains("much too long"), "{over:?}");
    assert!(page.eval("nowhere.at.all").await.is_err());

    assert_eq!(page.errors(), Vec::<String>::new());
    page.eval("console.error('wrong')").await?;
    page.wait_for("true").await?;
    assert!(page.errors().iter().any(|e| e.contains("wrong")), "{:?}", page.errors());

    assert_eq!(page.foreign_requests(&origin), Vec::<String>::new());
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("shot.png");
    page.screenshot(&file, 320, 240).await?;
    let png = std::fs::read(&file).context("the picture was written")?;
    assert_eq!(&png[1..4], b"PNG");
    Ok(())
}
