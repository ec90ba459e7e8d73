using System.Net;

namespace IngressController.Http;

/// <summary>The body of a backend's response, read through a wrapping stream.</summary>
/// <param name="content">The body.</param>
/// <param name="wrap">Wraps the stream of the body.</param>
internal class WrappedContent(HttpContent content, Func<Stream, Stream> wrap) : HttpContent
{
    protected override async Task<Stream> CreateContentReadStreamAsync() => wrap(await content.ReadAsStreamAsync());

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => content.CopyToAsync(stream, context);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            content.Dispose();
        base.Dispose(disposing);
    }
}
