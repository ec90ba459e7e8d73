using IngressController.Events;
using IngressController.Routing.Diagnostics;

namespace IngressController.Tests.Events;

/// <summary>From what is wrong, moment by moment, to what is written. Pure: the clock is a number.</summary>
public sealed class EventPlannerTests
{
    /// <summary>
    /// Moments, each with the second, what is wrong then (letters, capital ones for what may pass, - for nothing, * when the owner has changed the object) and what is
    /// written: + new, ? read, = repeated, with the count.
    /// </summary>
    [Theory]
    [InlineData("appears", "0 a: +a1")]
    [InlineData("stays", "0 a: +a1 | 1 a: | 60 a: | 1799 a: | 1800 a: =a2 | 3599 a: | 3600 a: =a3")]
    [InlineData("another one comes", "0 a: +a1 | 1 ab: +b1 | 2 abc: +c1")]
    [InlineData("one goes, others stay", "0 ab: +a1 +b1 | 5 b: | 1800 b: =b2")]
    [InlineData("the last one goes", "0 a: +a1 | 5 -: +Resolved1 | 6 -: | 1800 -: | 9000 -:")]
    [InlineData("goes and comes back soon", "0 a: +a1 | 5 -: +Resolved1 | 8 a: | 10 a: =a2 | 20 -: =Resolved2")]
    [InlineData("comes back later", "0 a: +a1 | 60 -: +Resolved1 | 120 a: =a2")]
    [InlineData("comes back when it is forgotten: the writer finds it there", "0 a: +a1 | 60 -: +Resolved1 | 660 -: | 661 a: +a1")]
    [InlineData("goes and is back before anybody was told", "0 a: +a1 | 3 -: +Resolved1 | 4 a: | 6 -: | 7 a: | 10 a: =a3")]
    [InlineData("an end that is none is not told", "0 a: +a1 | 1 -: +Resolved1 | 2 a: | 5 -: | 6 a: | 11 a: =a3 | 12 a:")]
    [InlineData("the object changes", "0 a: +a1 | 60 a*: =a2 | 61 a*: | 90 a*: | 120 a: =a4 | 121 a:")]
    [InlineData("the object changes and is right", "0 a: +a1 | 5 -*: +Resolved1")]
    [InlineData("what may pass is held", "0 A: | 14 A: | 15 A: +A1 | 20 -: +Resolved1")]
    [InlineData("what has passed is not told", "0 A: | 5 -: | 6 A: | 20 A: | 21 A: +A1")]
    [InlineData("what may pass holds nothing else", "0 aA: +a1 | 5 a: | 20 -: +Resolved1")]
    [InlineData("a change of the object does not prolong it", "0 A: | 5 A*: | 15 A: +A1")]
    [InlineData("once told, it comes back like any other", "0 A: | 15 A: +A1 | 16 -: +Resolved1 | 30 A: =A2")]
    [InlineData("the change comes with another problem", "0 a: +a1 | 5 b*: +b1 | 6 -: +Resolved1")]
    public void What_is_wrong_becomes_what_is_written(string name, string moments)
    {
        Assert.NotEmpty(name);
        var script = new EventScript();
        script.SeeNothing(); // a leader looks for the first time, and nothing is wrong
        var told = new List<string>();
        foreach (var moment in moments.Split(" | "))
        {
            var (when, wrong) = (moment.Split(' ')[0], moment.Split(' ')[1].TrimEnd(':'));
            if (wrong.Contains('*'))
                script.Edition++;
            script.Now = EventScript.Start.AddSeconds(int.Parse(when, System.Globalization.CultureInfo.InvariantCulture));
            var plan = script.See([.. wrong.Where(char.IsLetter).Select(letter => EventScript.Problem(letter))]);
            told.Add($"{when} {wrong}:{string.Concat(plan.Writes.Select(write => " " + Show(write)))}");
        }

        Assert.Equal(moments, string.Join(" | ", told));
    }

    [Fact]
    public void A_new_leader_reads_what_is_there_before_it_writes()
    {
        var script = new EventScript();
        Assert.Equal(["?a1", "?b1"], script.See('a', 'b').Writes.Select(Show));
        script.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(["+c1"], script.See('a', 'b', 'c').Writes.Select(Show));
    }

    /// <summary>Such as a Service whose Pods are not ready yet, or a Secret that is made a moment after its Ingress.</summary>
    [Theory]
    [InlineData(DiagnosticCode.ServiceWithoutEndpoints)]
    [InlineData(DiagnosticCode.ServiceNotFound)]
    [InlineData(DiagnosticCode.ServicePortNotFound)]
    [InlineData(DiagnosticCode.TlsSecretNotFound)]
    [InlineData(DiagnosticCode.PolicySecretNotFound)]
    [InlineData(DiagnosticCode.PolicyConfigMapNotFound)]
    [InlineData(DiagnosticCode.IngressClassNotFound)]
    [InlineData(DiagnosticCode.SettingsNotFound)]
    public void What_another_object_may_solve_is_held(DiagnosticCode code)
    {
        var script = new EventScript();
        script.SeeNothing();
        var problem = EventScript.Problem('a') with { Code = code };
        var plan = script.See(problem);
        Assert.Empty(plan.Writes);
        Assert.Equal(EventScript.Start.AddSeconds(15), plan.NextDue);
        script.Now = plan.NextDue!.Value;
        Assert.Equal(["+a1"], script.See(problem).Writes.Select(Show));
    }

    [Fact]
    public void What_a_leader_before_wrote_goes_on_where_it_was()
    {
        var script = new EventScript { SettlesItself = false };
        var read = Assert.Single(script.See('a').Writes);
        script.Settle(new EventOutcome(read.Key, 57, EventScript.Start.AddMinutes(-20)));
        script.Now = EventScript.Start.AddMinutes(10).AddSeconds(-1);
        Assert.Empty(script.See('a').Writes);
        script.Now = EventScript.Start.AddMinutes(10);
        Assert.Equal(["=a58"], script.See('a').Writes.Select(Show));
    }

    [Fact]
    public void A_clock_that_was_ahead_delays_nothing()
    {
        var script = new EventScript { SettlesItself = false };
        script.Settle(new EventOutcome(Assert.Single(script.See('a').Writes).Key, 2, EventScript.Start.AddHours(5)));
        script.Now = EventScript.Start.AddMinutes(30);
        Assert.Equal(["=a3"], script.See('a').Writes.Select(Show));
    }

    [Fact]
    public void While_an_Event_is_written_it_is_not_written_again()
    {
        var script = new EventScript { SettlesItself = false };
        script.SeeNothing();
        var write = Assert.Single(script.See('a').Writes);
        foreach (var problems in new[] { "", "a", "", "a" })
        {
            script.Now += TimeSpan.FromHours(1);
            Assert.DoesNotContain(script.See([.. problems]).Writes, planned => planned.Key.Topic == EventTopic.Problem);
        }

        script.Settle(new EventOutcome(write.Key, 1, script.Now));
        script.Now += EventTimes.ReturnGap;
        Assert.Equal(["=a3"], script.See('a').Writes.Select(Show));
    }

    [Fact]
    public void An_object_gets_ten_Events_the_worst_first_and_one_for_the_rest()
    {
        var script = new EventScript();
        script.SeeNothing();
        var problems = Enumerable.Range(0, 300).Select(number => EventScript.Problem($"p{number:000}", number >= 290 ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning)).ToArray();
        var writes = script.See(problems).Writes;
        Assert.Equal([.. Enumerable.Range(290, 10).Select(number => $"+p{number}1"), "+MoreProblems1"], writes.Select(Show));
        Assert.Equal("and 290 more when this was first seen; see /api/diagnostics on the controller's admin port", EventText.Note(writes[^1]));

        script.Now += TimeSpan.FromMinutes(5);
        Assert.Empty(script.See(problems).Writes);
        // One that goes keeps its place for a while: an object whose problems change all the time does not get an Event for each.
        Assert.Empty(script.See(problems[..^1]).Writes);
        script.Now += EventTimes.Memory - TimeSpan.FromSeconds(1);
        Assert.Empty(script.See(problems[..^1]).Writes);
        script.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(["+p0001"], script.See(problems[..^1]).Writes.Select(Show));
    }

    [Fact]
    public void Problems_whose_text_changes_all_the_time_are_few_Events()
    {
        var script = new EventScript();
        script.SeeNothing();
        var written = 0;
        for (var second = 0; second < 600; second++)
        {
            script.Now = EventScript.Start.AddSeconds(second);
            written += script.See(EventScript.Problem($"p{second:000}", DiagnosticSeverity.Error)).Writes.Length;
        }

        Assert.InRange(written, 11, 11 + 60); // ten problems, and one for the rest
    }

    [Fact]
    public void Another_object_of_that_name_has_Events_of_its_own()
    {
        var script = new EventScript();
        script.SeeNothing();
        var first = Assert.Single(script.See('a').Writes);
        script.Uid = "another";
        var second = Assert.Single(script.See('a').Writes);
        Assert.Equal(EventVerb.Create, second.Verb);
        Assert.NotEqual(EventText.NameOf(first.Key), EventText.NameOf(second.Key));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("another", true)]
    [InlineData("uid-1", false)]
    public void Nothing_is_said_of_an_object_that_is_gone_or_is_not_ours_any_more(string? uid, bool isServed)
    {
        var script = new EventScript();
        script.SeeNothing();
        Assert.Single(script.See('a').Writes);
        (script.Uid, script.IsServed) = (uid, isServed);
        script.Now += TimeSpan.FromMinutes(1);
        Assert.Empty(script.SeeNothing().Writes);
        script.Now += EventTimes.Memory;
        Assert.Empty(script.SeeNothing().Ledger.Objects);
    }

    [Fact]
    public void What_finds_no_room_is_planned_again_and_news_go_first()
    {
        var script = new EventScript { Room = 3 };
        script.SeeNothing();
        var plan = script.See('a', 'b', 'c', 'd', 'e');
        Assert.Equal(["+a1", "+b1", "+c1"], plan.Writes.Select(Show));
        Assert.Equal(2, plan.Waiting);
        // What is right again before it was told is no news.
        plan = script.See('a', 'b', 'c', 'e');
        Assert.Equal(["+e1"], plan.Writes.Select(Show));
        Assert.Equal(0, plan.Waiting);

        script.Now += EventTimes.Refresh;
        Assert.Equal(["+f1", "=a2", "=b2"], script.See('a', 'b', 'c', 'e', 'f').Writes.Select(Show));
        Assert.Equal(["=c2", "=e2"], script.See('a', 'b', 'c', 'e', 'f').Writes.Select(Show));
    }

    [Fact]
    public void It_says_when_it_wants_to_look_again()
    {
        var script = new EventScript();
        script.SeeNothing();
        Assert.Null(script.SeeNothing().NextDue);
        script.See('a');
        Assert.Equal(EventScript.Start + EventTimes.Refresh, script.See('a').NextDue);
    }

    [Fact]
    public void At_rest_nothing_is_made_anew()
    {
        var script = new EventScript();
        script.SeeNothing();
        script.See('a', 'b');
        script.See('a', 'b');
        var before = script.Ledger.Objects;
        script.See('a', 'b');
        Assert.Same(before, script.Ledger.Objects);
    }

    private static string Show(EventWrite write)
    {
        var verb = write.Verb switch { EventVerb.Create => '+', EventVerb.Adopt => '?', _ => '=' };
        return $"{verb}{write.Key.Problem?.Field ?? write.Key.Topic.ToString()}{write.Entry.Count}";
    }
}
