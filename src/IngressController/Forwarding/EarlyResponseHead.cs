using IngressController.Http;

namespace IngressController.Forwarding;

/// <summary>
/// The body of a response whose head is sent early: event streams and gRPC calls open long before they send data. YARP sends the head
/// together with the first bytes, so that it can detect a response without a body. Here the head is flushed if the backend sends no data at
/// the first read.
/// </summary>
internal sealed class EarlyResponseHead(HttpContent content, HttpResponse response) : WrappedContent(content, body => new Body(body, response))
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
        /// Cancels the read and waits for its end. YARP reuses the buffer for another request when this returns, so no read may still write
        /// into it. Cancelling breaks the connection (HTTP/1.1) or resets the stream (HTTP/2), so the wait ends.
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
                // The failure to send the head is reported instead; only the end of the read matters here.
            }
        }
    }
}
