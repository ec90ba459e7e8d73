using System.Buffers;
using System.IO.Pipelines;
using IngressController.Http2;
using IngressController.Tests.Fakes;
using static IngressController.Tests.Fakes.Http2WireConnection;

namespace IngressController.Tests.Http2;

public sealed class ResponseFramesTests
{
    private const byte EndStream = 1;

    /// <summary>However the bytes are split, they pass unchanged, and each end is seen once, in order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(4096)]
    public async Task Ends_of_streams_are_seen(int piece)
    {
        byte[][] frames =
        [
            Frame(Http2FrameType.Settings, EndStream, 0, []),
            Frame(Http2FrameType.Headers, 4, 1, new byte[20]),
            // A payload that looks like the head of a frame.
            Frame(Http2FrameType.Data, 0, 1, Frame(Http2FrameType.Data, EndStream, 9, [])),
            Frame(Http2FrameType.Ping, EndStream, 0, new byte[8]),
            Frame(Http2FrameType.Headers, 4 | EndStream, 3, new byte[20]),
            Frame(Http2FrameType.Data, EndStream, 1, new byte[5000]),
            Frame(Http2FrameType.Data, EndStream, 5, []),
            Frame(Http2FrameType.RstStream, 0, 0x01020305, [0, 0, 0, 8]),
            Frame(Http2FrameType.Headers, EndStream, 7, new byte[3]),
            Frame(Http2FrameType.Continuation, 4, 7, new byte[3]),
            Frame(Http2FrameType.GoAway, 0, 0, [0, 0, 0, 7, 0, 0, 0, 0, 1]),
        ];
        byte[] bytes = [.. frames.SelectMany(frame => frame)];
        var ended = new List<int>();

        var written = await WriteAsync(bytes, piece, ended, () => Assert.Fail("the connection goes on"));

        Assert.Equal([3, 1, 5, 0x01020305, 7], ended);
        Assert.Equal(bytes, written);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    public async Task GOAWAY_with_an_error_ends_all(int piece)
    {
        var over = 0;
        var ended = new List<int>();
        byte[] bytes = [.. Frame(Http2FrameType.GoAway, 0, 0, [0, 0, 0, 7, 0, 0, 0, 11]), .. Frame(Http2FrameType.Data, EndStream, 1, [])];

        await WriteAsync(bytes, piece, ended, () => over++);

        Assert.Equal(1, over);
        Assert.Equal([1], ended);
    }

    [Fact]
    public async Task The_end_of_the_connection_ends_all()
    {
        var over = 0;
        var frames = new ResponseFrames(new Pipe().Writer, _ => { }, () => over++);
        await frames.CompleteAsync();
        Assert.Equal(1, over);
    }

    private static async Task<byte[]> WriteAsync(byte[] bytes, int piece, List<int> ended, Action over)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        var frames = new ResponseFrames(pipe.Writer, ended.Add, over);
        for (var start = 0; start < bytes.Length; start += piece)
        {
            var length = Math.Min(piece, bytes.Length - start);
            // The memory may be longer than what is written, and written in two parts.
            var memory = frames.GetMemory(length);
            bytes.AsSpan(start, length).CopyTo(memory.Span);
            frames.Advance(length / 2);
            frames.Advance(length - length / 2);
        }

        await frames.FlushAsync();
        Assert.True(pipe.Reader.TryRead(out var read));
        return read.Buffer.ToArray();
    }
}
