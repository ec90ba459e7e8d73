using System.Net;

namespace IngressController.Upstream;

/// <summary>The body of a request as it is sent, with the fields of the content that it is read from.</summary>
internal abstract class UploadContent : HttpContent
{
    protected UploadContent(HttpContent body)
    {
        Body = body;
        foreach (var (name, values) in body.Headers.NonValidated)
            Headers.TryAddWithoutValidation(name, values);
        // The HTTP client compares the length with that of the body. YARP would report a body that was stopped as a failure.
        body.Headers.ContentLength = null;
    }

    protected HttpContent Body { get; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
