using System.Net;
using IngressController.Http;

namespace IngressController.Upstream;

/// <summary>
/// Overrides two defaults of the HTTP client for request bodies. It buffers writes up to 4 KB, and YARP flushes only for gRPC, so a client
/// that uploads in small parts would wait forever for a response: here each part is flushed. It also retries a request without content when
/// a pooled connection breaks, which RFC 9110, 9.2.2 forbids for methods that are not idempotent: here these have content, even if it is
/// empty.
/// </summary>
internal sealed class RequestContentHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { Headers.ContentLength: not 0 } content)
            request.Content = new FlushingContent(content);
        else if (request.Content is null && !IsIdempotent(request.Method))
            request.Content = new ByteArrayContent([]);
        return base.SendAsync(request, cancellationToken);
    }

    private static bool IsIdempotent(HttpMethod method) =>
        method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Put || method == HttpMethod.Delete
        || method == HttpMethod.Options || method == HttpMethod.Trace || method == HttpMethod.Connect;

    private sealed class FlushingContent : HttpContent
    {
        private readonly HttpContent _content;

        public FlushingContent(HttpContent content)
        {
            _content = content;
            foreach (var (name, values) in content.Headers.NonValidated)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            _content.CopyToAsync(new FlushingStream(stream), context, cancellationToken);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class FlushingStream(Stream stream) : WriteOnlyStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await stream.WriteAsync(buffer, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);
    }
}
