using System.Net;

namespace IngressController.Tests.Proxy;

/// <summary>A body of unknown length that a test writes while it is sent.</summary>
internal sealed class PushContent(Func<Stream, Task> write) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => write(stream);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
