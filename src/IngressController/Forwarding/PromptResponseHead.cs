using IngressController.Http;

namespace IngressController.Forwarding;

/// <summary>
/// The body of a response whose head must not wait for it: event streams and gRPC calls say that they are open long before they have
/// anything to tell. YARP sends the head together with the first bytes, so that a response without a body is seen to be one; here the
/// head goes ahead only when the backend is still silent at the first read.
/// </summary>
internal sealed class PromptResponseHead(HttpContent content, HttpResponse response) : WrappedContent(content, body => new Body(body, response))
{
    private sealed class Body(Stream stream, HttpResponse response) : ReadOnlyStream
    {
        private CancellationTokenSource? _reading;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (response.HasStarted)
                return stream.ReadAsync(buffer, cancellationToken);
            _reading = new CancellationTokenSource();
            var read = stream.ReadAsync(buffer, _reading.Token);
            return read.IsCompleted ? read : SendHeadAsync(read, _reading, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                stream.Dispose();
                _reading?.Dispose();
            }

            base.Dispose(disposing);
        }

        private async ValueTask<int> SendHeadAsync(ValueTask<int> read, CancellationTokenSource reading, CancellationToken cancellation)
        {
            await using var registration = cancellation.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), reading);
            try
            {
                await response.Body.FlushAsync(cancellation);
            }
            catch
            {
                await EndAsync(read, reading);
                throw;
            }

            return await read;
        }

        /// <summary>
        /// The buffer is YARP's and goes to another request as soon as we return: the backend must have stopped writing into it.
        /// Cancelling breaks the connection (HTTP/1.1) or resets the stream (HTTP/2), so the wait ends.
        /// </summary>
        private static async Task EndAsync(ValueTask<int> read, CancellationTokenSource reading)
        {
            await reading.CancelAsync();
            try
            {
                await read;
            }
            catch (Exception)
            {
                // Nobody is left to read: that it ended is all that counts, and why the head could not be sent is what is reported.
            }
        }
    }
}
