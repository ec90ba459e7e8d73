using System.Net;
using IngressController.Http;
using Microsoft.Net.Http.Headers;

namespace IngressController.Upstream;

/// <summary>
/// Overrides defaults of the HTTP client for request bodies. It buffers writes up to 4 KB, and YARP flushes only for gRPC, so a client that
/// uploads in small parts would wait forever for a response: here each part is flushed. It also retries a request without content when a
/// pooled connection breaks, which RFC 9110, 9.2.2 forbids for methods that are not idempotent: here these have content, even if it is
/// empty. For headers of content without content it adds a length: here it does not.
/// </summary>
internal sealed class RequestContentHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is not { } content)
        {
            if (!IdempotentMethods.Contains(request.Method.Method))
                request.Content = new ByteArrayContent([]);
            return base.SendAsync(request, cancellationToken);
        }

        // Before the length is computed.
        var hasLength = content.Headers.NonValidated.Contains(HeaderNames.ContentLength);
        if (content.Headers.ContentLength is not 0)
        {
            var client = request.Options.TryGetValue(RequestUpload.Body, out var body) ? body : null;
            if (request.Version.Major == 2)
                return SendHttp2Async(request, new Http2UploadContent(content, client), cancellationToken);
            request.Content = new FlushingContent(content, new RequestUpload(client));
        }
        else if (!hasLength && HeadersOnlyContent.Suits(request.Method))
        {
            request.Content = HeadersOnlyContent.Of(content);
        }

        return base.SendAsync(request, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendHttp2Async(HttpRequestMessage request, Http2UploadContent content, CancellationToken cancellation)
    {
        request.Content = content;
        var hasResponse = false;
        try
        {
            var response = await base.SendAsync(request, cancellation);
            hasResponse = true;
            return response;
        }
        finally
        {
            content.Report(hasResponse);
        }
    }

    private sealed class FlushingContent(HttpContent content, RequestUpload upload) : UploadContent(content)
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            var flushing = new FlushingStream(stream, upload);
            try
            {
                await Body.CopyToAsync(flushing, context, cancellationToken);
            }
            finally
            {
                upload.End();
            }

            if (upload.IsStopped && Headers.ContentLength is { } length)
                await UnsentBytes.WriteAsync(stream, length - flushing.Written);
        }
    }

    private sealed class FlushingStream(Stream stream, RequestUpload upload) : WriteOnlyStream
    {
        /// <summary>The number of bytes that the HTTP client has taken.</summary>
        public long Written { get; private set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written += buffer.Length;
            await upload.WriteAsync(stream, buffer);
            await FlushAsync(cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => upload.FlushAsync(stream);
    }
}
