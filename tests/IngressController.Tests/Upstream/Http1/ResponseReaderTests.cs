using System.Net;
using System.Text;
using IngressController.Configuration;
using IngressController.Http;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Tests.Edge;
using IngressController.Tests.Fakes;
using IngressController.Upstream;
using IngressController.Upstream.Http1;

namespace IngressController.Tests.Upstream.Http1;

/// <summary>
/// The reading of responses does not depend on how their bytes are split, and whatever comes, it ends with a response or with an error that says
/// so. What the responses of the corpus must become is stated by <see cref="WrongAnswerTests"/>.
/// </summary>
public sealed class ResponseReaderTests
{
    private const int Seed = 20261130;

    private static readonly UpstreamTransport Transport = new(BackendProtocol.Http, IsExternal: false, UpstreamSettings.Default);

    /// <summary>Responses that are right, for what the corpus of wrong ones lacks.</summary>
    private static readonly string[] Right =
    [
        WireBackend.Ok("ok"),
        "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nServer:x\r\nX:\r\nY:  a b \t\r\nTransfer-Encoding: Chunked\r\n\r\n005\r\nhello\r\nA;a=\"b\"\r\n0123456789\r\n00\r\nT: 1\r\nU: \r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 30\r\n\r\n",
        $"HTTP/1.1 200 OK\r\nX: {new string('x', 20_000)}\r\nTransfer-Encoding: chunked\r\n\r\n4e20\r\n{new string('y', 20_000)}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: \u00e9\u00ff\r\n\r\nuntil the end",
    ];

    private static IEnumerable<byte[]> Corpus => WrongAnswers.All.Select(answer => answer.Bytes).Concat(Right).Select(text => Encoding.Latin1.GetBytes(text.Replace("\uffff", "", StringComparison.Ordinal)));

    [Fact]
    public async Task A_split_of_the_bytes_changes_nothing()
    {
        var random = new Random(Seed);
        foreach (var bytes in Corpus)
        {
            var whole = await ReadAsync([bytes]);
            for (var round = 0; round < 12; round++)
            {
                var pieces = Split(bytes, random, maxPiece: round == 0 && bytes.Length < 3_000 ? 1 : 1 << (round + 2)).ToArray();
                Assert.Equal(whole, await ReadAsync(pieces));
            }
        }
    }

    [Fact]
    public async Task The_corpus_has_valid_and_refused_responses()
    {
        var results = new List<string>();
        foreach (var bytes in Corpus)
            results.Add(await ReadAsync([bytes]));
        Assert.True(results.Count > 150);
        Assert.InRange(results.Count(result => result.EndsWith("complete", StringComparison.Ordinal)), 40, 100);
        Assert.Contains("200 [Server=x][X=][Y=a b][Transfer-Encoding=Chunked] hello0123456789 {T=1}{U=} complete", results);
        Assert.Contains("200 [Content-Length=5, 5] hello complete", results);
        Assert.Contains("200 [X=\u00e9\u00ff] until the end complete", results);
    }

    /// <summary>Bytes that are changed at random: nothing but a response or an error that tells of one, in bounded time.</summary>
    [Fact]
    public async Task Changed_bytes_end_with_a_response_or_its_error()
    {
        var random = new Random(Seed + 1);
        var corpus = Corpus.Where(bytes => bytes.Length < 500).ToArray();
        var errors = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Mutate(corpus[random.Next(corpus.Length)], corpus[random.Next(corpus.Length)], random);
            var result = await ReadAsync(Split(bytes, random, 64));
            Assert.Matches(" complete$|InvalidResponseException|UpstreamConnectionLostException", result);
            errors += result.EndsWith("complete", StringComparison.Ordinal) ? 0 : 1;
        }

        Assert.InRange(errors, 5_000, 19_000);
    }

    /// <summary>The response as text, and how reading it has ended.</summary>
    private static async Task<string> ReadAsync(IEnumerable<byte[]> pieces)
    {
        var connector = new UpstreamConnector(new UpstreamOptions(), (_, _) => Task.FromResult<IPAddress[]>([]), new InterfaceAddresses(() => [], TimeProvider.System));
        var client = new Http1Client(Transport, connector, new UpstreamOptions(), Timeout.InfiniteTimeSpan, TimeProvider.System) { Connected = _ => { } };
        var connection = new Http1Pool(client).TryAdd(new PieceStream(pieces))!;
        var text = new StringBuilder();
        var reader = new ResponseReader(connection) { Trailers = [] };
        try
        {
            var length = await reader.ReceiveHeadAsync();
            text.Append(connection.Head.Status).Append(' ');
            for (var i = 0; i < connection.Head.Fields.Length; i++)
            {
                var (name, value) = connection.Head.TextOf(i, connection.Buffer.Received);
                text.Append('[').Append(name).Append('=').Append(value).Append(']');
            }

            text.Append(' ');
            connection.Buffer.Consume(length);
            reader.BeginBody(connection.Head.FramingFor(isHead: false));
            while (!reader.IsComplete)
            {
                while (!reader.IsComplete && reader.TryReadPart(1000, out var data))
                    text.Append(Encoding.Latin1.GetString(data));
                if (!reader.IsComplete && !await connection.ReceiveAsync())
                    reader.End();
            }

            text.Append(' ');
            foreach (var (name, value) in reader.Trailers)
                text.Append('{').Append(name).Append('=').Append(value).Append('}');
            return text.Append(reader.Trailers.Count > 0 ? " complete" : "complete").ToString();
        }
        catch (Exception error) when (error is InvalidResponseException or UpstreamConnectionLostException)
        {
            return text.Append(error.GetType().Name).ToString();
        }
        finally
        {
            connection.End();
        }
    }

    private static IEnumerable<byte[]> Split(byte[] bytes, Random random, int maxPiece)
    {
        for (var start = 0; start < bytes.Length;)
        {
            var length = Math.Min(random.Next(1, maxPiece + 1), bytes.Length - start);
            yield return bytes[start..(start + length)];
            start += length;
        }
    }

    private static byte[] Mutate(byte[] bytes, byte[] other, Random random)
    {
        var changed = bytes.ToList();
        for (var change = random.Next(4); change >= 0 && changed.Count > 0; change--)
        {
            var at = random.Next(changed.Count);
            switch (random.Next(5))
            {
                case 0:
                    changed[at] = (byte)random.Next(256);
                    break;
                case 1:
                    changed.RemoveAt(at);
                    break;
                case 2:
                    changed.Insert(at, "\r\n\0 :;,0fF-"u8[random.Next(11)]);
                    break;
                case 3:
                    changed.RemoveRange(at, Math.Min(random.Next(20), changed.Count - at));
                    break;
                default:
                    var start = random.Next(other.Length + 1);
                    changed.InsertRange(at, other[start..Math.Min(start + random.Next(30), other.Length)]);
                    break;
            }
        }

        return [.. changed];
    }

    /// <summary>An endpoint whose reads give one piece each, and then the end.</summary>
    private sealed class PieceStream(IEnumerable<byte[]> pieces) : ReadOnlyStream
    {
        private readonly IEnumerator<byte[]> _pieces = pieces.GetEnumerator();
        private ReadOnlyMemory<byte> _rest;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_rest.IsEmpty && _pieces.MoveNext())
                _rest = _pieces.Current;
            var count = Math.Min(buffer.Length, _rest.Length);
            _rest[..count].CopyTo(buffer);
            _rest = _rest[count..];
            return new(count);
        }
    }
}
