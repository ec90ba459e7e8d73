using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using IngressController.Http;
using Microsoft.AspNetCore.Connections;

namespace IngressController.Listeners;

/// <summary>
/// Makes a scheme in capitals acceptable in an absolute target (<c>GET HTTP://host/</c>): schemes are case-insensitive (RFC 3986, 3.1), but
/// Kestrel compares bytes. Only the first request of a connection is looked at, because later requests cannot be told from bodies here.
/// </summary>
internal static class AbsoluteFormScheme
{
    /// <summary>Connection middleware after that of TLS. HTTP/2 has no absolute form.</summary>
    public static ConnectionDelegate Use(ConnectionDelegate next) => connection =>
    {
        if (!connection.IsHttp2)
            connection.ReadThrough(static input => new Reader(input));
        return next(connection);
    };

    /// <summary>Reads the bytes of a connection, and changes capitals of the scheme in the first request line to small letters.</summary>
    internal sealed class Reader(PipeReader inner) : PipeReader
    {
        /// <summary>The length of <c>https://</c>.</summary>
        private const int MaxSchemeLength = 8;

        /// <summary>Longer than every method; a request line of another shape is left to Kestrel.</summary>
        private const int MaxMethodLength = 32;

        private bool _isDone;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var read = inner.ReadAsync(cancellationToken);
            if (_isDone)
                return read;
            if (!read.IsCompletedSuccessfully)
                return InspectAsync(read);
            var result = read.Result;
            Inspect(result.Buffer);
            return new(result);
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result))
                return false;
            if (!_isDone)
                Inspect(result.Buffer);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        private async ValueTask<ReadResult> InspectAsync(ValueTask<ReadResult> read)
        {
            var result = await read;
            Inspect(result.Buffer);
            return result;
        }

        private void Inspect(ReadOnlySequence<byte> buffer)
        {
            // Usually METHOD SP "/": nothing else is looked at.
            var head = buffer.Slice(0, Math.Min(buffer.Length, MaxMethodLength + 1 + MaxSchemeLength));
            if (head.PositionOf((byte)' ') is not { } space)
            {
                _isDone = head.Length > MaxMethodLength;
                return;
            }

            var target = head.Slice(head.GetPosition(1, space));
            if (target.IsEmpty)
                return;
            if ((target.FirstSpan is [var first, ..] ? first : target.ToArray()[0]) is not ((byte)'H' or (byte)'h'))
            {
                _isDone = true;
                return;
            }

            Span<byte> scheme = stackalloc byte[MaxSchemeLength];
            target = target.Slice(0, Math.Min(target.Length, MaxSchemeLength));
            target.CopyTo(scheme);
            scheme = scheme[..(int)target.Length];
            if (scheme.IndexOf("://"u8) is var end and > 0)
            {
                if (Ascii.EqualsIgnoreCase(scheme[..end], "http"u8) || Ascii.EqualsIgnoreCase(scheme[..end], "https"u8))
                    LowerCase(target.Slice(0, end));
            }
            else if (target.Length < MaxSchemeLength)
                return;
            _isDone = true;
        }

        /// <summary>Changes the letters in place: the bytes belong to this connection, and no one else reads or writes them meanwhile.</summary>
        private static void LowerCase(ReadOnlySequence<byte> scheme)
        {
            foreach (var segment in scheme)
            {
                foreach (ref var letter in MemoryMarshal.AsMemory(segment).Span)
                {
                    if (letter is >= (byte)'A' and <= (byte)'Z')
                        letter |= 0x20;
                }
            }
        }
    }
}
