using System.Net;

namespace IngressController.Kubernetes.Client;

/// <summary>A body that asks, when the connection is ready for it, whether it may still be sent.</summary>
internal sealed class GuardedContent(byte[] body, Action beforeBody) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        beforeBody();
        await stream.WriteAsync(body, cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }
}
