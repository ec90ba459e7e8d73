using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>An open watch. Read it once, then dispose it.</summary>
public sealed class WatchStream<T> : IDisposable
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Maximum length of a line in bytes; objects in etcd have a few megabytes at most, so a longer one is not an event.</summary>
    private const long MaxLineLength = 64 << 20;

    private readonly IDisposable _response;
    private readonly PipeReader _pipe;
    private readonly ResourceType<T> _resource;
    private readonly string _path;

    internal WatchStream(IDisposable response, Stream body, ResourceType<T> resource, string path)
    {
        _response = response;
        _resource = resource;
        _path = path;
        _pipe = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: 16 * 1024, minimumReadSize: 2 * 1024));
    }

    /// <summary>Returns the events until the server ends the watch.</summary>
    /// <param name="onReceived">Called for each piece of data that arrives, even if it completes no event.</param>
    /// <exception cref="IOException">The connection broke, or ended within a line.</exception>
    /// <exception cref="JsonException">A line is not an event.</exception>
    public async IAsyncEnumerable<WatchEvent<T>> ReadAllAsync(
        Action? onReceived = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        long searched = 0;
        while (true)
        {
            var result = await _pipe.ReadAsync(cancellation).ConfigureAwait(false);
            onReceived?.Invoke();
            var buffer = result.Buffer;
            while (TryReadLine(ref buffer, ref searched, out var line))
            {
                if (!IsBlank(line))
                    yield return Decode(line);
            }

            if (result.IsCompleted)
            {
                if (!IsBlank(buffer))
                    throw new EndOfStreamException($"the watch of {_resource} ended within an event");
                yield break;
            }

            if (buffer.Length > MaxLineLength)
                throw new InvalidDataException($"the watch of {_resource} sent a line of more than {MaxLineLength >> 20} MiB");
            _pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    public void Dispose()
    {
        _pipe.Complete();
        _response.Dispose();
    }

    /// <param name="searched">Number of bytes known to contain no line feed, so that a megabyte in pieces is searched once.</param>
    private static bool TryReadLine(ref ReadOnlySequence<byte> buffer, ref long searched, out ReadOnlySequence<byte> line)
    {
        if (buffer.Slice(searched).PositionOf((byte)'\n') is not { } end)
        {
            searched = buffer.Length;
            line = default;
            return false;
        }

        line = buffer.Slice(0, end);
        buffer = buffer.Slice(buffer.GetPosition(1, end));
        searched = 0;
        return true;
    }

    private static bool IsBlank(ReadOnlySequence<byte> line)
    {
        foreach (var segment in line)
        {
            if (segment.Span.ContainsAnyExcept(" \t\r\n"u8))
                return false;
        }

        return true;
    }

    private WatchEvent<T> Decode(ReadOnlySequence<byte> line)
    {
        var (type, json) = Split(line);
        return type switch
        {
            "ADDED" or "MODIFIED" => ObjectDecoder.Decode(json, _resource.TypeInfo, out var undecodable) is { } item
                ? new WatchEvent<T>.Applied(item)
                : new WatchEvent<T>.Undecodable(undecodable!, IsDeleted: false),
            "DELETED" => ObjectDecoder.Decode(json, _resource.TypeInfo, out var undecodable) is { } item
                ? new WatchEvent<T>.Deleted(item)
                : new WatchEvent<T>.Undecodable(undecodable!, IsDeleted: true),
            "BOOKMARK" => DecodeBookmark(json),
            "ERROR" => DecodeError(json),
            _ => new WatchEvent<T>.Unknown(type),
        };
    }

    /// <summary>Finds the event's two members in any order.</summary>
    private (string? Type, ReadOnlySequence<byte> Object) Split(ReadOnlySequence<byte> line)
    {
        string? type = null;
        ReadOnlySequence<byte>? json = null;
        var reader = new Utf8JsonReader(line, ObjectDecoder.ScanOptions);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException($"the watch of {_resource} sent a line that is not an event");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isObject = reader.ValueTextEquals("object"u8);
            reader.Read();
            if (isType)
                type = reader.GetString();
            var start = reader.TokenStartIndex;
            reader.Skip();
            if (isObject)
                json = line.Slice(start, reader.BytesConsumed - start);
        }

        return (type, json ?? throw new JsonException($"the watch of {_resource} sent an event without an object"));
    }

    private static WatchEvent<T>.Bookmark DecodeBookmark(ReadOnlySequence<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var metadata = JsonSerializer.Deserialize(ref reader, ApiJson.Of<BookmarkObject>())?.Metadata;
        return new(metadata?.ResourceVersion, metadata?.Annotations?.TryGetValue("k8s.io/initial-events-end", out var ends) == true && ends == "true");
    }

    private WatchEvent<T>.Error DecodeError(ReadOnlySequence<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var status = JsonSerializer.Deserialize(ref reader, ApiJson.Of<V1Status>());
        return new(new ApiServerException($"GET {_path}", (HttpStatusCode)(status?.Code ?? 500), status));
    }
}
