using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;

namespace IngressController.Http;

/// <summary>
/// Reads the bytes of an HTTP/1.1 connection, and changes capitals of the scheme in the target of a request line to small letters: schemes
/// are case-insensitive (RFC 3986, 3.1), but Kestrel compares bytes. Kestrel reads a request line from the start of what it gets; after a
/// request it may first read the rest of a body, which no one sees any more.
/// </summary>
internal sealed class AbsoluteFormReader(PipeReader inner) : PipeReader
{
    /// <summary>The length of <c>https://</c>.</summary>
    private const int MaxSchemeLength = 8;

    /// <summary>Longer than every method; a request line of another shape is left to Kestrel.</summary>
    private const int MaxMethodLength = 32;

    private static readonly SearchValues<byte> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private bool _isDone;

    /// <summary>A request has ended: a request line follows it.</summary>
    public void ExpectRequest() => _isDone = false;

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
        var head = buffer.FirstSpan;
        var space = head[..Math.Min(head.Length, MaxMethodLength + 1)].IndexOf((byte)' ');
        if (space > 0 && space + 1 < head.Length && head[space + 1] == '/' && IsToken(head[..space]))
            _isDone = true;
        else
            InspectLine(WithoutEmptyLines(buffer));
    }

    /// <summary>Kestrel ignores empty lines before a request line.</summary>
    private static ReadOnlySequence<byte> WithoutEmptyLines(ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        reader.AdvancePastAny((byte)'\r', (byte)'\n');
        return reader.UnreadSequence;
    }

    private void InspectLine(ReadOnlySequence<byte> line)
    {
        Span<byte> copy = stackalloc byte[MaxMethodLength + 1 + MaxSchemeLength];
        var start = line.Slice(0, Math.Min(line.Length, copy.Length));
        start.CopyTo(copy);
        ReadOnlySpan<byte> head = copy[..(int)start.Length];
        var space = head.IndexOf((byte)' ');
        if (space < 0)
        {
            // A method that is longer.
            _isDone = head.Length > MaxMethodLength && IsToken(head);
            return;
        }

        // Otherwise bytes of a body.
        if (!IsToken(head[..space]))
            return;

        var target = head[(space + 1)..];
        if (target is [(byte)'/' or (byte)'*', ..])
        {
            _isDone = true;
            return;
        }

        var scheme = target[..Math.Min(target.Length, MaxSchemeLength)];
        if (scheme.IndexOf("://"u8) is var end and > 0
            && (Ascii.EqualsIgnoreCase(scheme[..end], "http"u8) || Ascii.EqualsIgnoreCase(scheme[..end], "https"u8)))
        {
            LowerCase(line.Slice(space + 1, end));
            _isDone = true;
        }
    }

    private static bool IsToken(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(TokenCharacters);

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
