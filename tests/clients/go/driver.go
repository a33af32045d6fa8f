// Command driver calls the Go client for a test: a line of JSON in,
// {"call": "RunSQL", "args": [{"SQL": "SELECT 1"}]}, a line of JSON out, {"value": ...} or {"error": "..."}.
// A structure's fields have their names in Go, for some have none in JSON.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"time"

	"github.com/duneanalytics/duneapi-client-go/config"
	"github.com/duneanalytics/duneapi-client-go/dune"
)

const (
	pollInterval = 50 * time.Millisecond
	maxRetries   = 1
	longestLine  = 64 << 20
)

type call struct {
	Call string            `json:"call"`
	Args []json.RawMessage `json:"args"`
}

func argument(kind reflect.Type, given json.RawMessage) (reflect.Value, error) {
	into := reflect.New(kind)
	if kind.Kind() != reflect.Struct {
		return into.Elem(), json.Unmarshal(given, into.Interface())
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(given, &fields); err != nil {
		return into.Elem(), err
	}
	for name, value := range fields {
		field := into.Elem().FieldByName(name)
		if !field.IsValid() {
			return into.Elem(), fmt.Errorf("%v has no field %q", kind, name)
		}
		if err := json.Unmarshal(value, field.Addr().Interface()); err != nil {
			return into.Elem(), err
		}
	}
	return into.Elem(), nil
}

func value(returned any) (any, error) {
	switch known := returned.(type) {
	case dune.Execution:
		return known.GetID(), nil
	case io.Reader:
		text, err := io.ReadAll(known)
		return string(text), err
	}
	return returned, nil
}

func carryOut(client dune.DuneClient, asked call) (any, error) {
	on := reflect.ValueOf(client)
	if asked.Call == "WaitGetResults" {
		var id string
		if err := json.Unmarshal(asked.Args[0], &id); err != nil {
			return nil, err
		}
		return dune.NewExecution(client, id).WaitGetResults(pollInterval, maxRetries)
	}
	method := on.MethodByName(asked.Call)
	if !method.IsValid() || method.Type().NumIn() != len(asked.Args) {
		return nil, fmt.Errorf("no call %s of %d arguments", asked.Call, len(asked.Args))
	}
	var arguments []reflect.Value
	for at, given := range asked.Args {
		made, err := argument(method.Type().In(at), given)
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, made)
	}
	returned := method.Call(arguments)
	last := len(returned) - 1
	if err, failed := returned[last].Interface().(error); failed {
		return nil, err
	}
	if last == 0 {
		return nil, nil
	}
	return value(returned[0].Interface())
}

func main() {
	env, err := config.FromEnvVars()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	client := dune.NewDuneClient(env)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked call
		answer := map[string]any{}
		err := json.Unmarshal(lines.Bytes(), &asked)
		if err == nil {
			answer["value"], err = carryOut(client, asked)
		}
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		if err := out.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
