using System.Net;
using IngressController.Http;

namespace IngressController.Upstream;

/// <summary>
/// Two things about a request's body that the HTTP client would decide otherwise. It collects what is written to it until 4 KB are there,
/// and YARP flushes for gRPC alone, so a client that uploads little by little would wait for ever for an answer to what it sent: each part
/// goes out as it comes. And it sends a request without content again when a kept connection breaks; RFC 9110, 9.2.2 forbids a proxy that
/// for methods that are not idempotent, so these get content, be it empty.
/// </summary>
internal sealed class RequestContentHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { Headers.ContentLength: not 0 } content)
            request.Content = new PromptContent(content);
        else if (request.Content is null && !IsIdempotent(request.Method))
            request.Content = new ByteArrayContent([]);
        return base.SendAsync(request, cancellationToken);
    }

    private static bool IsIdempotent(HttpMethod method) =>
        method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Put || method == HttpMethod.Delete
        || method == HttpMethod.Options || method == HttpMethod.Trace || method == HttpMethod.Connect;

    private sealed class PromptContent : HttpContent
    {
        private readonly HttpContent _content;

        public PromptContent(HttpContent content)
        {
            _content = content;
            foreach (var (name, values) in content.Headers.NonValidated)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            _content.CopyToAsync(new PromptStream(stream), context, cancellationToken);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class PromptStream(Stream stream) : WriteOnlyStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await stream.WriteAsync(buffer, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);
    }
}
