using System.Net;

namespace IngressController.Http;

/// <summary>The body of a backend's response, read through a wrapping stream.</summary>
/// <param name="content">The body.</param>
internal abstract class WrappedContent(HttpContent content) : HttpContent
{
    /// <summary>Wraps the stream of the body.</summary>
    protected abstract Stream Wrap(Stream body);

    protected override Task<Stream> CreateContentReadStreamAsync()
    {
        var opening = content.ReadAsStreamAsync();
        return opening.IsCompletedSuccessfully ? Task.FromResult(Wrap(opening.Result)) : OpenAsync(opening);
    }

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

    private async Task<Stream> OpenAsync(Task<Stream> opening) => Wrap(await opening);
}
