using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IngressController.Kubernetes.Resources;
using IngressController.Routing.Diagnostics;
using k8s.Models;

namespace IngressController.Events;

/// <summary>The reporting controller and instance of Events.</summary>
/// <param name="controllerClass">The <c>spec.controller</c> of the claimed IngressClasses.</param>
/// <param name="podName">The name of the Pod.</param>
internal sealed class EventReporterIdentity(string controllerClass, string podName)
{
    private const int MaxNamePartLength = 63;

    /// <summary>The limit of the API server.</summary>
    private const int MaxInstanceLength = 128;

    /// <summary>
    /// The controller class as a qualified name, which the API server requires here. A class may have several slashes and a longer name.
    /// </summary>
    public string Controller { get; } = Qualified(controllerClass);

    public string Instance { get; } = podName.Length <= MaxInstanceLength ? podName : podName[..MaxInstanceLength];

    private static string Qualified(string name)
    {
        var slash = name.IndexOf('/');
        var part = string.Concat(name[(slash + 1)..].Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '.').Take(MaxNamePartLength))
            .Trim('-', '_', '.');
        return $"{name[..(slash + 1)]}{part}";
    }
}

/// <summary>The name and the content of Events.</summary>
internal static class EventText
{
    /// <summary>The limit of the API server for the note, in bytes of UTF-8.</summary>
    public const int MaxNoteBytes = 1024;

    private const int MaxNameLength = 253;
    private const string Ellipsis = "...";

    /// <summary>Returns the namespace of an Event: that of its object, <c>default</c> for an object without one.</summary>
    public static string NamespaceOf(DiagnosticSubject subject) =>
        IsClusterScoped(subject) || subject.Name.Namespace.Length == 0 ? "default" : subject.Name.Namespace;

    /// <summary>
    /// Returns the name of an Event. It is the same in every replica at any time, so that a second write of an Event finds the first. The
    /// note is part of it, because the API server does not allow a change of the note.
    /// </summary>
    public static string NameOf(EventKey key)
    {
        var (subject, problem) = (key.Subject, key.Problem);
        var identity = string.Join('\n', key.Uid, subject.Kind, subject.Name, key.Topic, problem?.Code, problem?.Field, problem?.Message, problem?.Effect);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)).AsSpan(0, 8));
        var maxLength = MaxNameLength - hash.Length - 1;
        var name = subject.Name.Name.Length <= maxLength ? subject.Name.Name : subject.Name.Name[..maxLength].TrimEnd('-', '.');
        return $"{name}.{hash}";
    }

    public static string Note(EventWrite write) => write.Key.Topic switch
    {
        EventTopic.Problem => Note(write.Key.Problem!),
        EventTopic.MoreProblems => string.Create(
            CultureInfo.InvariantCulture,
            $"and {write.Entry.Hidden} more when this was first seen; see /api/diagnostics on the controller's admin port"),
        _ => "all problems are resolved",
    };

    /// <summary>Returns the field, the message and the effect on traffic. If the text is too long, the message is truncated.</summary>
    internal static string Note(Diagnostic problem)
    {
        var start = $"{problem.Field}: ";
        var end = problem.Effect == DiagnosticEffect.None ? "" : $" ({problem.Effect})";
        var room = MaxNoteBytes - Encoding.UTF8.GetByteCount(start) - Encoding.UTF8.GetByteCount(end);
        return room > Ellipsis.Length ? $"{start}{Truncate(problem.Message, room)}{end}" : Truncate(start + problem.Message, MaxNoteBytes);
    }

    public static Eventsv1Event ToEvent(EventWrite write, EventReporterIdentity reporter)
    {
        var subject = write.Key.Subject;
        return new Eventsv1Event
        {
            ApiVersion = $"{Eventsv1Event.KubeGroup}/{Eventsv1Event.KubeApiVersion}",
            Kind = Eventsv1Event.KubeKind,
            Metadata = new V1ObjectMeta { Name = NameOf(write.Key), NamespaceProperty = NamespaceOf(subject) },
            EventTime = write.Entry.Last,
            ReportingController = reporter.Controller,
            ReportingInstance = reporter.Instance,
            Action = write.Key.Topic == EventTopic.Resolved ? "Recover" : "Translate",
            Reason = write.Key.Problem?.Code.ToString() ?? write.Key.Topic.ToString(),
            Type = write.Key.Topic == EventTopic.Resolved || write.Key.Problem?.Severity == DiagnosticSeverity.Info ? "Normal" : "Warning",
            Note = Note(write),
            Regarding = new V1ObjectReference
            {
                ApiVersion = ApiVersionOf(subject.Kind),
                Kind = subject.Kind,
                NamespaceProperty = IsClusterScoped(subject) ? null : NamespaceOf(subject),
                Name = subject.Name.Name,
                Uid = write.Object.Uid,
                ResourceVersion = write.Object.ResourceVersion,
                // No fieldPath: kubectl prints it before the note, but other tools do not, so the note itself begins with the field.
            },
        };
    }

    private static bool IsClusterScoped(DiagnosticSubject subject) => subject.Kind == ResourceTypes.IngressClasses.Kind;

    private static string ApiVersionOf(string kind) => kind switch
    {
        "Ingress" or "IngressClass" => ResourceTypes.Ingresses.ApiVersion,
        "EndpointSlice" => ResourceTypes.EndpointSlices.ApiVersion,
        _ => "v1",
    };

    /// <summary>Truncates a text to a number of bytes of UTF-8, between two characters.</summary>
    private static string Truncate(string text, int maxBytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= maxBytes)
            return text;
        var length = 0;
        var left = maxBytes - Ellipsis.Length;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= rune.Utf8SequenceLength;
            if (left < 0)
                break;
            length += rune.Utf16SequenceLength;
        }

        return text[..length] + Ellipsis;
    }
}
