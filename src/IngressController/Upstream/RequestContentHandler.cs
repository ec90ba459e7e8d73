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
            var flushing = new FlushingContent(content, request.Version.Major == 2 ? null : new RequestUpload(request.Options.TryGetValue(RequestUpload.Body, out var body) ? body : null));
            request.Content = flushing;
            if (request.Version.Major == 2)
                return SendHttp2Async(request, flushing, cancellationToken);
        }
        else if (!hasLength && HeadersOnlyContent.Suits(request.Method))
        {
            request.Content = HeadersOnlyContent.Of(content);
        }

        return base.SendAsync(request, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendHttp2Async(HttpRequestMessage request, FlushingContent content, CancellationToken cancellation)
    {
        try
        {
            return await base.SendAsync(request, cancellation);
        }
        finally
        {
            content.EndWaiting();
        }
    }

    private sealed class FlushingContent : HttpContent
    {
        private static readonly TaskCompletionSource Ended = EndedSource();

        private readonly HttpContent _content;
        private readonly RequestUpload? _upload;
        private TaskCompletionSource? _waiting;

        public FlushingContent(HttpContent content, RequestUpload? upload)
        {
            _content = content;
            _upload = upload;
            foreach (var (name, values) in content.Headers.NonValidated)
                Headers.TryAddWithoutValidation(name, values);
            // The HTTP client compares the length with that of the body. YARP would report a body that was stopped as a failure.
            content.Headers.ContentLength = null;
        }

        /// <summary>The client has reported the head of the response, or a failure.</summary>
        public void EndWaiting() => Interlocked.CompareExchange(ref _waiting, Ended, null)?.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            var flushing = new FlushingStream(stream, _upload);
            try
            {
                await _content.CopyToAsync(flushing, context, cancellationToken);
            }
            finally
            {
                _upload?.End();
                // Also without an exception: YARP throws none if writing fails. A failure of the client must end the stream at once.
                if (_upload is null && (flushing.HasFailed || cancellationToken.IsCancellationRequested))
                    await WaitAsync();
            }

            if (_upload is { IsStopped: true } && Headers.ContentLength is { } length)
                await UnsentBytes.WriteAsync(stream, length - flushing.Written);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        private static TaskCompletionSource EndedSource()
        {
            var source = new TaskCompletionSource();
            source.SetResult();
            return source;
        }

        /// <summary>
        /// Waits until the client has reported why a stream ended. It would report the failure of the body if that came first, and only the
        /// reason tells whether the endpoint has processed the request.
        /// </summary>
        private Task WaitAsync()
        {
            var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (Interlocked.CompareExchange(ref _waiting, waiting, null) ?? waiting).Task;
        }
    }

    private sealed class FlushingStream(Stream stream, RequestUpload? upload) : WriteOnlyStream
    {
        public bool HasFailed { get; private set; }

        /// <summary>The number of bytes that the HTTP client has taken.</summary>
        public long Written { get; private set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                Written += buffer.Length;
                await (upload?.WriteAsync(stream, buffer) ?? stream.WriteAsync(buffer, cancellationToken));
                await FlushAsync(cancellationToken);
            }
            catch
            {
                HasFailed = true;
                throw;
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => upload?.FlushAsync(stream) ?? stream.FlushAsync(cancellationToken);
    }
}
