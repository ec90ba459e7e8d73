using IngressController.Shutdown;

namespace IngressController.Tests.Shutdown;

/// <summary>Frame boundaries are found however the bytes are split.</summary>
public sealed class WebSocketFramesTests
{
    [Fact]
    public void Boundary_is_exactly_at_the_end_of_a_frame()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var stream = new MemoryStream();
            var ends = new HashSet<long> { 0 };
            for (var frame = 0; frame < 8; frame++)
            {
                stream.Write(Frame(opcode: random.Next(3), length: random.Next(4) switch { 0 => 0, 1 => random.Next(1, 126), 2 => random.Next(126, 65_536), _ => random.Next(65_536, 70_000) }, isMasked: random.Next(4) == 0));
                ends.Add(stream.Length);
            }

            var bytes = stream.ToArray();
            var frames = default(WebSocketFrames);
            for (var position = 0; position < bytes.Length;)
            {
                var piece = Math.Min(bytes.Length - position, random.Next(2) == 0 ? random.Next(1, 5) : random.Next(1, 100_000));
                Assert.Equal(piece, frames.Advance(bytes.AsSpan(position, piece)));
                position += piece;
                Assert.Equal(ends.Contains(position), frames.IsAtBoundary);
            }

            Assert.False(frames.HasClosed);
        }
    }

    [Fact]
    public void Advance_to_the_boundary_stops_at_the_end_of_the_current_frame()
    {
        byte[] two = [.. Frame(1, 200, false), .. Frame(1, 5, false)];
        var frames = default(WebSocketFrames);
        Assert.Equal(0, frames.Advance(two, toBoundary: true));
        frames.Advance(two.AsSpan(0, 100));
        Assert.Equal(104, frames.Advance(two.AsSpan(100), toBoundary: true));
        Assert.True(frames.IsAtBoundary);
    }

    [Fact]
    public void Close_frame_is_detected()
    {
        var frames = default(WebSocketFrames);
        frames.Advance([0x81, 1, (byte)'x']);
        Assert.False(frames.HasClosed);
        frames.Advance([0x88]);
        Assert.True(frames.HasClosed);
    }

    internal static byte[] Frame(int opcode, int length, bool isMasked)
    {
        var mask = isMasked ? 0x80 : 0;
        byte[] head = length switch
        {
            < 126 => [(byte)(0x80 | opcode), (byte)(mask | length)],
            < 65_536 => [(byte)(0x80 | opcode), (byte)(mask | 126), (byte)(length >> 8), (byte)length],
            _ => [(byte)(0x80 | opcode), (byte)(mask | 127), 0, 0, 0, 0, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length],
        };
        // A payload that looks like frames of all kinds, close frames included.
        var payload = new byte[length];
        for (var i = 0; i < length; i++)
            payload[i] = (byte)(0x88 + i);
        return [.. head, .. isMasked ? new byte[4] : [], .. payload];
    }
}
