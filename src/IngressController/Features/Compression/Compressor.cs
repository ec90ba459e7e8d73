using System.Buffers;
using System.IO.Compression;
using IngressController.Http;

namespace IngressController.Features.Compression;

/// <summary>Compresses one body. Its state is native memory, which it returns when it is disposed of.</summary>
internal abstract class Compressor : IDisposable
{
    /// <summary>Compresses bytes. The output can lag behind.</summary>
    public abstract void Write(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output);

    /// <summary>Writes all that was compressed, so that the client can decode all that came.</summary>
    public abstract void Flush(IBufferWriter<byte> output);

    /// <summary>Writes the end of the body.</summary>
    public abstract void End(IBufferWriter<byte> output);

    public abstract void Dispose();
}

/// <summary>The coding gzip.</summary>
internal sealed class GzipCompressor : Compressor
{
    /// <summary>The memory of its state: window, chains and hash table of zlib-ng, and a buffer of .NET.</summary>
    public const int Cost = 400 << 10;

    private readonly OutputStream _sink = new();
    private readonly GZipStream _stream;

    public GzipCompressor(int level) => _stream = new GZipStream(_sink, new ZLibCompressionOptions { CompressionLevel = level }, leaveOpen: true);

    public override void Write(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        _sink.Output = output;
        _stream.Write(bytes);
    }

    public override void Flush(IBufferWriter<byte> output)
    {
        _sink.Output = output;
        _stream.Flush();
    }

    public override void End(IBufferWriter<byte> output)
    {
        _sink.Output = output;
        _stream.Dispose();
    }

    public override void Dispose()
    {
        // Writes the end of a body that has failed, for no one.
        _sink.Output = null;
        _stream.Dispose();
    }

    /// <summary>Writes to an output that is set for each call.</summary>
    private sealed class OutputStream : OneWayStream
    {
        public IBufferWriter<byte>? Output { get; set; }

        public override bool CanWrite => true;

        public override void Write(ReadOnlySpan<byte> buffer) => Output?.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
            // Nothing is buffered.
        }
    }
}

/// <summary>The coding br (RFC 7932).</summary>
internal sealed class BrotliCompressor(int level) : Compressor
{
    /// <summary>512 KiB, as in nginx: a larger one takes more memory.</summary>
    private const int WindowBits = 19;

    private const int Piece = 4 * 1024;

    private BrotliEncoder _encoder = new(level, WindowBits);

    /// <summary>The memory of its state with this window. The hash table of levels 5 to 9 doubles with each of them.</summary>
    public static int CostOf(int level) => (level switch { <= 4 => 2, 5 => 3, 6 => 5, 7 => 10, 8 => 18, 9 => 34, _ => 12 }) << 20;

    public override void Write(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output) => Compress(bytes, output, isFinal: false);

    public override void Flush(IBufferWriter<byte> output)
    {
        OperationStatus status;
        do
        {
            status = _encoder.Flush(output.GetSpan(Piece), out var written);
            output.Advance(written);
        }
        while (status == OperationStatus.DestinationTooSmall);
    }

    public override void End(IBufferWriter<byte> output) => Compress([], output, isFinal: true);

    public override void Dispose() => _encoder.Dispose();

    private void Compress(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output, bool isFinal)
    {
        OperationStatus status;
        do
        {
            status = _encoder.Compress(bytes, output.GetSpan(Piece), out var consumed, out var written, isFinal);
            if (status == OperationStatus.InvalidData)
                throw new InvalidOperationException("br cannot compress the body");
            output.Advance(written);
            bytes = bytes[consumed..];
        }
        while (status == OperationStatus.DestinationTooSmall || !bytes.IsEmpty);
    }
}
