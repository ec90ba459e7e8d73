using System.Net;

namespace IngressController.Http;

/// <summary>The body of a backend's response, read through something.</summary>
/// <param name="content">The body.</param>
/// <param name="through">Gets its stream and gives the one that is read.</param>
internal class ReadThroughContent(HttpContent content, Func<Stream, Stream> through) : HttpContent
{
    protected override async Task<Stream> CreateContentReadStreamAsync() => through(await content.ReadAsStreamAsync());

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
