using System.Net;

namespace IngressController.Kubernetes.Transport;

/// <summary>Runs a check before each write and again before its body is sent; an exception of the check ends the write.</summary>
internal sealed class WriteGuard(Action beforeWrite) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method != HttpMethod.Get)
            beforeWrite();
        if (request.Content is { } content)
            request.Content = new GuardedContent(content, beforeWrite);
        return base.SendAsync(request, cancellationToken);
    }

    /// <summary>A body that runs the check when the connection is ready for it.</summary>
    private sealed class GuardedContent : HttpContent
    {
        private readonly HttpContent _content;
        private readonly Action _beforeBody;

        public GuardedContent(HttpContent content, Action beforeBody)
        {
            _content = content;
            _beforeBody = beforeBody;
            foreach (var (name, values) in content.Headers.NonValidated)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            _beforeBody();
            return _content.CopyToAsync(stream, context, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _content.Headers.ContentLength ?? 0;
            return _content.Headers.ContentLength is not null;
        }
    }
}
